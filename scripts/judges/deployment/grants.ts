import { CfnStack, type CfnTemplate, isList, type Properties, type Value } from '../../../shared/read/cfn';
import { grantsOf as everyGrantOf } from '../../../shared/read/cfn-grants';

/** One action that a policy of the template allows a role. */
export interface Grant {
  /** The policy, by its id in the template. */
  readonly policy: string;
  /** The role, by its id in the template. */
  readonly role: string;
  readonly action: string;
}

/** Why a grant cannot be tried here, by its action. */
export const NOT_EVALUATED: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'ministack leaves out the end of the ARN of a log group, and so refuses whoever may write to it',
  'logs:PutLogEvents': 'ministack leaves out the end of the ARN of a log group, and so refuses whoever may write to it',
  'xray:PutTelemetryRecords': 'ministack has no X-Ray',
  'xray:PutTraceSegments': 'ministack has no X-Ray',
};

/** Each action that the policies of a template allow its roles. */
export function grantsOf(template: CfnTemplate): Grant[] {
  return everyGrantOf(new CfnStack(template))
    .filter(({ at, denied }) => !denied && template.Resources[at]!.Type === 'AWS::IAM::Policy')
    .flatMap(({ holder, at, actions }) => actions.map((action) => ({ policy: at, role: holder, action })));
}

/** A copy of a template that lacks one grant. In its place stands what everybody may do, since no statement may be empty. */
export function without(template: CfnTemplate, { policy, action }: Grant): CfnTemplate {
  const lacking = (value: Value): Value => {
    if (value === action) return 'sts:GetCallerIdentity';
    if (isList(value)) return value.map(lacking);
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, lacking(part)]))
      : value;
  };
  const changed = { ...template.Resources[policy]!, Properties: lacking(template.Resources[policy]!.Properties) as Properties };
  return { ...template, Resources: { ...template.Resources, [policy]: changed } };
}
