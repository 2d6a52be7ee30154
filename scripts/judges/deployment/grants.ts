import { CfnStack, type CfnTemplate, isList, list, type Properties, text, type Value } from '../../../shared/read/cfn';
import { grantsOf as everyGrantOf } from '../../../shared/read/cfn-grants';

/** One action that a policy of the template allows a role. */
export interface Grant {
  /** The policy, by its id in the template. */
  readonly policy: string;
  /** The role, by its id in the template. */
  readonly role: string;
  readonly action: string;
  /** On which resources, as text. */
  readonly on: string;
}

/** Why a grant cannot be tried here, by its action, or by what it is for. */
export const NOT_EVALUATED: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'ministack omits the end of the ARN of a log group, so it refuses identities that have the permission',
  'logs:PutLogEvents': 'ministack omits the end of the ARN of a log group, so it refuses identities that have the permission',
  'xray:PutTelemetryRecords': 'ministack has no X-Ray',
  'xray:PutTraceSegments': 'ministack has no X-Ray',
  'the destination of an event source mapping': 'ministack drops a failed batch without writing it to the destination',
};

/** What of {@link NOT_EVALUATED} a grant falls under. */
export function notEvaluated({ Resources }: CfnTemplate, { action, on }: Grant): string | undefined {
  if (Object.hasOwn(NOT_EVALUATED, action)) return action;
  const mappings = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping');
  const destinations = JSON.stringify(mappings.map(({ Properties }) => Properties?.DestinationConfig));
  const isOne = [...on.matchAll(/\$\{(\w+)/g)].some(([, id]) => destinations.includes(`"${id}"`));
  return isOne ? 'the destination of an event source mapping' : undefined;
}

/** Each action that the policies of a template allow its roles. */
export function grantsOf(template: CfnTemplate): Grant[] {
  return everyGrantOf(new CfnStack(template))
    .filter(({ at, denied }) => !denied && template.Resources[at]!.Type === 'AWS::IAM::Policy')
    .flatMap(({ holder, at, actions, on }) => actions.map((action) => ({ policy: at, role: holder, action, on: on.join(' ') })));
}

/** A copy of a template that lacks one grant. In its place stands what everybody may do, since no statement may be empty. */
export function without(template: CfnTemplate, { policy, action, on }: Grant): CfnTemplate {
  const lacking = (value: Value): Value => {
    if (isList(value)) return value.map(lacking);
    if (typeof value !== 'object' || value === null) return value;
    const parts = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, lacking(part)]));
    const isIt = value.Resource !== undefined && [...new Set(list(value.Resource).map(text))].join(' ') === on;
    return isIt ? { ...parts, Action: list(value.Action).map((one) => (one === action ? 'sts:GetCallerIdentity' : one)) } : parts;
  };
  const changed = { ...template.Resources[policy]!, Properties: lacking(template.Resources[policy]!.Properties) as Properties };
  return { ...template, Resources: { ...template.Resources, [policy]: changed } };
}
