import { CfnResource, Stack, Validations } from 'aws-cdk-lib';
import type { Alarm, CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';

/** The reason why each finding is accepted, by the ids of the findings, separated by `, `. */
export type Reasons = Readonly<Record<string, string>>;

/**
 * Suppress findings of scanners with a reason, in the format of each scanner: rules of cdk-nag for the construct and all its
 * children, `CKV_*` of checkov and `W*` of cfn-lint in the metadata of the resource. The deployed resources do not change.
 * @param construct a resource, or a construct with a default child
 * @param reasons a function if a reason depends on what is added to the construct later: it is called at the end of the synthesis
 * @returns the construct
 */
export function acknowledge<Named extends IConstruct>(construct: Named, reasons: Reasons | ((construct: Named) => Reasons)): Named {
  if (typeof reasons !== 'function') record(construct, reasons);
  else {
    const validate = () => {
      record(construct, reasons(construct));
      return [];
    };
    construct.node.addValidation({ validate });
  }
  return construct;
}

/** An ARN as cdk-nag writes it in the id of a finding, such as `<Lake.Arn>/events/*`. Call it at the end of the synthesis. */
export function spell(scope: IConstruct, arn: string): string {
  return words(Stack.of(scope).resolve(arn));
}

/** The reason for an alarm without an action. */
export function withoutAction(alarm: Alarm): Reasons {
  const actions = Stack.of(alarm).resolve((alarm.node.defaultChild as CfnAlarm).alarmActions);
  if (actions?.length > 0) return {};
  return { 'NIST.800.53.R5-CloudWatchAlarmAction': 'Its owner sets the action: addAlarmAction, or notify of the pipeline.' };
}

function record(construct: IConstruct, reasons: Reasons) {
  const all = Object.entries(reasons).flatMap(([ids, reason]) => ids.split(', ').map((id) => [id, reason] as const));
  const checkov = all.filter(([id]) => id.startsWith('CKV_'));
  const cfnLint = all.filter(([id]) => /^[EWI]\d{4}$/.test(id));
  const cdkNag = all.filter((one) => !checkov.includes(one) && !cfnLint.includes(one));

  const resource = (CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild) as CfnResource;
  if (checkov.length > 0) {
    const skip = [...((resource.getMetadata('checkov')?.skip ?? []) as unknown[]), ...checkov.map(([id, comment]) => ({ id, comment }))];
    resource.addMetadata('checkov', { skip });
  }
  if (cfnLint.length > 0) {
    const known = (resource.getMetadata('cfn-lint')?.reasons ?? {}) as Readonly<Record<string, string>>;
    const reasons = { ...known, ...Object.fromEntries(cfnLint) };
    resource.addMetadata('cfn-lint', { config: { ignore_checks: Object.keys(reasons) }, reasons });
  }
  // Not `Validations.of(construct).acknowledge`: it refuses an id with an unpaired bracket, and a prefix can contain one.
  for (const [id, reason] of cdkNag) construct.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, { [id]: reason });
}

function words(expression: unknown): string {
  if (typeof expression !== 'object' || expression === null) return String(expression);
  if ('Ref' in expression) return `<${expression.Ref}>`;
  if ('Fn::GetAtt' in expression) return `<${(expression['Fn::GetAtt'] as string[]).join('.')}>`;
  if ('Fn::ImportValue' in expression) return words(expression['Fn::ImportValue']);
  if (!('Fn::Join' in expression)) return JSON.stringify(expression);
  const [delimiter, parts] = expression['Fn::Join'] as [string, unknown[]];
  return parts.map(words).join(delimiter);
}
