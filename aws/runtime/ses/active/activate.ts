import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { ActiveSlot } from './ses-api';

/** The properties of the custom resource. */
interface Properties {
  readonly RuleSetName: string;
  /** `true` to replace another active rule set. CloudFormation passes every value as text. */
  readonly ReplaceOther: string;
}

/**
 * Activate or deactivate a receipt rule set, and leave that of somebody else alone. Only one rule set can be active in an account
 * and region, and a second activation silently replaces the first.
 * @throws Error if another rule set is active, with what to do
 */
export async function activate(event: CloudFormationCustomResourceEvent, slot: ActiveSlot): Promise<void> {
  const { RuleSetName: ours, ReplaceOther } = event.ResourceProperties as unknown as Properties;
  const active = await slot.read();
  if (event.RequestType === 'Delete') {
    if (active === ours) await slot.write(undefined);
    return;
  }
  if (active === ours) return;
  const before = event.RequestType === 'Update' ? (event.OldResourceProperties as Partial<Properties>).RuleSetName : undefined;
  if (active !== undefined && active !== before && ReplaceOther !== 'true') throw new Error(refusalOf(active));
  await slot.write(ours);
}

function refusalOf(other: string): string {
  return `The receipt rule set ${other} is active in this account and region, and only one can be. Add the rule to it with the setting ruleSet, or set activation to 'replace' to deactivate it.`;
}
