import { setTimeout } from 'node:timers/promises';
import { KinesisAnalyticsV2Client } from '@aws-sdk/client-kinesis-analytics-v2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { setting } from '../../../../shared/runtime/setting';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { type Call, CLIENT } from '../../../runtime/requests';
import { start, stop } from './control';

const client = new KinesisAnalyticsV2Client(CLIENT);
const application = setting('APPLICATION');

/** CloudFormation calls it, and waits until it sends its response to the given address. */
export async function handler(event: CloudFormationCustomResourceEvent, call: Call): Promise<void> {
  const { RequestType, RequestId, StackId, LogicalResourceId } = event;
  const answer = { RequestId, StackId, LogicalResourceId, PhysicalResourceId: application };
  try {
    const patience = { isOver: () => call.getRemainingTimeInMillis() < 30_000, wait: () => setTimeout(10_000) };
    if (RequestType === 'Delete') await stop(client, application, patience);
    else
      await start(client, application, patience, { snapshot: setting('SNAPSHOT'), dropsState: setting('NON_RESTORED_STATE') === 'drop' });
    await respond(event.ResponseURL, { ...answer, Status: 'SUCCESS' });
  } catch (error) {
    console.error({ message: 'The request failed.', RequestType, application, error });
    await respond(event.ResponseURL, { ...answer, Status: 'FAILED', Reason: inOneLine(error) });
  }
}

/** @throws Error if the response is not accepted: Lambda then calls the function again */
async function respond(url: string, answer: object): Promise<void> {
  const { ok, status } = await fetch(url, { method: 'PUT', body: JSON.stringify(answer), headers: { 'content-type': '' } });
  if (!ok) throw new Error(`CloudFormation did not accept the response: ${status}`);
}
