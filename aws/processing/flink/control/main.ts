import { setTimeout } from 'node:timers/promises';
import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { setting } from '../../../../shared/runtime/setting';
import { answerDeploy } from '../../../runtime/deploy-answer';
import { type Call, CLIENT } from '../../../runtime/requests';
import { start, stop } from './control';

const client = new KinesisAnalyticsV2Client(CLIENT);
const application = setting('APPLICATION');

/** Called by CloudFormation when the application is created or changed, and before it is deleted. */
export async function handler(event: CloudFormationCustomResourceEvent, call: Call): Promise<void> {
  const patience = { isOver: () => call.getRemainingTimeInMillis() < 30_000, wait: () => setTimeout(10_000) };
  const restore = { snapshot: setting('SNAPSHOT'), dropsState: setting('NON_RESTORED_STATE') === 'drop' };
  await answerDeploy(event, application, async () => {
    if (event.RequestType !== 'Delete') return start(client, application, patience, restore);
    // After a replacement, CloudFormation deletes the resource of the old application. The function knows the new one only.
    if (event.ResourceProperties.Application === application) await stop(client, application, patience);
  });
}
