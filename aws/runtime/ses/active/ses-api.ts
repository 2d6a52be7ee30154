import { DescribeActiveReceiptRuleSetCommand, SESClient, SetActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { CLIENT } from '../../requests';

/** The receipt rule set that is active in an account and region. */
export interface ActiveSlot {
  /** @returns the name of the active rule set, or `undefined` if none is active */
  read(): Promise<string | undefined>;
  /** @param ruleSet `undefined` deactivates the active one */
  write(ruleSet: string | undefined): Promise<void>;
}

/** @see https://docs.aws.amazon.com/ses/latest/APIReference/API_SetActiveReceiptRuleSet.html */
export function activeSlot(): ActiveSlot {
  const ses = new SESClient(CLIENT);
  return {
    async read() {
      const { Metadata } = await ses.send(new DescribeActiveReceiptRuleSetCommand());
      return Metadata?.Name;
    },
    async write(ruleSet) {
      await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: ruleSet }));
    },
  };
}
