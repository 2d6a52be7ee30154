import { setTimeout } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { answerDeploy } from '../../deploy-answer';
import { activate } from './activate';
import { activeSlot } from './ses-api';

/** How often to call SES, and how long to wait between tries: a new permission takes time to have an effect. */
const TRIES = 6;
const WAIT_MS = 5_000;

const slot = activeSlot();

/** Called by CloudFormation when the custom resource is created, changed or deleted. */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  await answerDeploy(event, String(event.ResourceProperties.RuleSetName), () =>
    activate(event, { read: () => tried(slot.read), write: (ruleSet) => tried(() => slot.write(ruleSet)) }),
  );
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
