import { setTimeout } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { activate } from './activate';
import { activeSlot } from './ses-api';

/** How often to call SES, and how long to wait between tries: a new permission takes time to have an effect. */
const TRIES = 6;
const WAIT_MS = 5_000;

const slot = activeSlot();

/**
 * Called by CloudFormation when the custom resource is created, changed or deleted. It always answers, because CloudFormation
 * waits for an answer.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = String(event.ResourceProperties.RuleSetName);
  const answer = await activate(event, {
    read: () => tried(slot.read),
    write: (ruleSet) => tried(() => slot.write(ruleSet)),
  }).then(
    () => ({ Status: 'SUCCESS' }),
    (error: unknown) => ({ Status: 'FAILED', Reason: inOneLine(error) }),
  );
  console.info({ message: `${event.RequestType} ${PhysicalResourceId}`, ...answer });
  const body = JSON.stringify({ ...answer, PhysicalResourceId, StackId, RequestId, LogicalResourceId });
  // The address is signed for an empty content type.
  await tried(async () => {
    const response = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
    if (!response.ok) throw new Error(`CloudFormation answered ${response.status}`);
  });
}

async function tried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES) throw error;
      console.info({ message: 'It is tried again.', attempt, error });
      await setTimeout(WAIT_MS);
    }
  }
}
