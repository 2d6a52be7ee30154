import { Stack } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AssetImageCode, type Code, EcrImageCode, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { HandlerCode } from '../../../shared/synth/handler-needs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import type { Network } from '../../ports/network';

const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency':
    'Concurrency follows the source, and what one function reserves, others lack. To bound it: reservedConcurrentExecutions.',
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ':
    'It is called by an event source mapping, which has the dead letter; nobody calls it without waiting.',
  CKV_AWS_173: 'The variables hold names and no secrets. Lambda encrypts them with its own key.',
};

const OUTSIDE: Reasons = {
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls services of AWS alone, over TLS and by its role. In a network each of them would cost an endpoint.',
};

/** A dot stands between it and the name of the stack, so it holds none. */
const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,31}$/,
  must: 'be 1 to 32 lower-case letters, digits and hyphens, a letter first',
  remedy: 'It is a part of the names of what the processor writes.',
};
const VARIABLE: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]+$/,
  must: 'be named in letters, digits and underscores, a letter first',
  remedy: 'Lambda takes no other names.',
};

const processors = new WeakMap<Stack, Map<string, string>>();

/** What scanners say of a function, with the reason why it stays. */
export function findingsOf(network?: Network): Reasons {
  return network ? FUNCTION : { ...FUNCTION, ...OUTSIDE };
}

/**
 * What no other processor of the account is called: the stack and the name, wherever in the stack it stands. It keeps the
 * objects of two apart that read one source and write to one store.
 * @throws SettingError on a name that another processor of the stack has
 */
export function nameOf(scope: Construct, name: string): string {
  requireText(scope, { name }, NAME);
  const stack = Stack.of(scope);
  const known = processors.get(stack) ?? new Map<string, string>();
  const other = known.get(name);
  if (other !== undefined) {
    const remedy = 'What both write could get one name: give one of them another.';
    throw new SettingError(scope, `name must differ from that of ${other}`, JSON.stringify(name), remedy);
  }
  processors.set(stack, known.set(name, scope.node.path));
  return `${stack.stackName}.${name}`;
}

/**
 * Refuse variables that the processor sets itself.
 * @param stores the names of the stores, each of which starts the names of settings
 * @throws SettingError
 */
export function requireVariables(scope: Construct, environment: Readonly<Record<string, string>>, stores: readonly string[]) {
  for (const variable of Object.keys(environment)) {
    requireText(scope, { environment: variable }, VARIABLE);
    const taken = variable === 'PROCESSOR' ? variable : ['DEAD_LETTER', ...stores].find((name) => variable.startsWith(`${name}_`));
    if (taken === undefined) continue;
    throw new SettingError(
      scope,
      'environment must leave the settings of stores alone',
      variable,
      `The processor sets what starts with ${taken}.`,
    );
  }
}

/**
 * Refuse a runtime that does not run the code.
 * @throws SettingError
 */
export function requireRuntime(scope: Construct, runtime: Runtime, code: HandlerCode | Code, layers?: readonly unknown[]) {
  if (!(runtime instanceof Runtime)) {
    throw new SettingError(scope, 'runtime must be one of Lambda', String(runtime), 'Write it like Runtime.NODEJS_24_X.');
  }
  if ('zip' in code) {
    if (runtime === Runtime.NODEJS_24_X) return;
    const remedy = 'It is compiled for that one: bring code of your own.';
    throw new SettingError(scope, 'runtime must be nodejs24.x for a bundled handler', runtime.name, remedy);
  }
  const isImage = code instanceof EcrImageCode || code instanceof AssetImageCode;
  if (isImage !== (runtime === Runtime.FROM_IMAGE)) {
    const remedy = 'An image brings its own runtime, and other code has none.';
    throw new SettingError(scope, 'runtime must be Runtime.FROM_IMAGE for a container image, and for nothing else', runtime.name, remedy);
  }
  if (isImage && layers)
    throw new SettingError(scope, 'layers must be left out for a container image', `${layers.length}`, 'Put them into the image.');
}

/** The role that gets the permissions: of another stack, it gets them from here, so that neither stack needs the other twice. */
export function roleOf(scope: Construct, role?: IRole): IRole {
  if (!role) return new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  return Stack.of(role) === Stack.of(scope) ? role : Role.fromRoleName(scope, 'Role', role.roleName);
}

/** X-Ray takes no narrower resource. In a policy of its own, this wildcard hides no other from a scanner. */
export function allowTracing(scope: Construct, role: IRole): Policy {
  const reason = 'Traces belong to no resource, so X-Ray takes no other.';
  return allowEverywhere(scope, 'Tracing', role, ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], reason);
}

/**
 * What Lambda does as the role to put the function into a network.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
export function allowNetwork(scope: Construct, role: IRole): Policy {
  const reason = 'Lambda makes the network interfaces, which have no names before, and EC2 takes no narrower resource to look them up.';
  return allowEverywhere(
    scope,
    'Interfaces',
    role,
    INTERFACES.map((action) => `ec2:${action}`),
    reason,
  );
}

const INTERFACES = [
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
];

function allowEverywhere(scope: Construct, id: string, role: IRole, actions: string[], reason: string): Policy {
  const policy = new Policy(scope, id, { roles: [role], statements: [new PolicyStatement({ actions, resources: ['*'] })] });
  return acknowledge(policy, { 'AwsSolutions-IAM5[Resource::*]': reason });
}
