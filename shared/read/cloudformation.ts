import { CfnStack, type CfnTemplate, name, stageOf, text, type Value } from './cfn';
import { type Grant, grantsOf } from './cfn-grants';
import { factsOf } from './facts/find';
import { byIdentity, type Granted, type Picture } from './picture';
import { pictureOf } from './read';

export type { CfnTemplate };

/**
 * Read a CloudFormation template that the AWS CDK made.
 * @throws Error if a resource type has no facts, with the file to add them to
 */
export function readCloudFormation(template: CfnTemplate): Picture {
  const stack = new CfnStack(template);
  return pictureOf(stack, factsOf('aws'), grantsOf(stack).map(shown).sort(byIdentity));
}

/** A permission in readable form. */
function shown({ holder, denied, actions: all, on, conditions }: Grant): Granted {
  return {
    holder,
    identity: /^[A-Z]\w*$/.test(holder) ? stageOf(holder) : holder,
    may: (denied ? '(denied) ' : '') + actions(all),
    on: [...new Set(on.map(target))].join(', '),
    only: conditions.map(({ test, value }) => CONDITIONS[test]?.(value) ?? `${test} ${text(value)}`).join(', '),
  };
}

/** `kinesis:GetRecords, kinesis:ListShards` becomes `kinesis:GetRecords, ListShards`. */
function actions(all: readonly string[]): string {
  return all.map((action, index) => (action.split(':')[0] === all[index - 1]?.split(':')[0] ? action.split(':')[1] : action)).join(', ');
}

/** `${BufferStream81218A7F}` is the `Buffer stream`. */
function target(resource: string): string {
  if (resource === '*') return 'everything';
  return resource.replace(/\$\{([A-Z]\w+)\}(.*)/, (_, id, rest) => `${name(id)} ${rest}`).trimEnd();
}

/** IAM conditions with a more readable form. */
const CONDITIONS: Readonly<Record<string, (value: Value) => string>> = {
  'Bool aws:SecureTransport': (value) => (value === 'false' ? 'without TLS' : 'with TLS'),
  'NumericLessThan s3:TlsVersion': (value) => `below TLS ${value}`,
  'ArnLike aws:SourceArn': (value) => `for ${target(text(value))}`,
  'StringEquals aws:SourceAccount': () => 'of this account',
};
