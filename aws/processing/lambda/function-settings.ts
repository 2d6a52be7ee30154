import { Stack } from 'aws-cdk-lib';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AssetImageCode, type Code, EcrImageCode, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { HandlerCode } from '../../../shared/synth/handler-needs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { acknowledge, type Reasons } from '../../foundation/acknowledge';
import type { Network } from '../../ports/network';
import type { RecordSource } from '../../ports/records';

const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency':
    'Concurrency follows the source, and reserved concurrency is not available to other functions. To limit it, set reservedConcurrentExecutions.',
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ':
    'It is called by an event source mapping, which has a dead letter. There are no asynchronous calls.',
  CKV_AWS_173: 'The variables contain names and no secrets. Lambda encrypts them with its own key.',
};

const OUTSIDE: Reasons = {
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only services of AWS, over TLS and with its role. In a VPC, each of them would cost an interface endpoint.',
};

/** It has no dot, because a dot separates it from the name of the stack. */
const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,31}$/,
  must: 'be 1 to 32 lower-case letters, digits and hyphens, a letter first',
  remedy: 'It is a part of the names of the objects that the processor writes.',
};
const VARIABLE: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]+$/,
  must: 'be named in letters, digits and underscores, a letter first',
  remedy: 'Lambda allows no other names.',
};

const processors = new WeakMap<Stack, Map<string, string>>();

/** Findings of scanners on a function, with the reason why each is accepted. */
export function findingsOf(network?: Network): Reasons {
  return network ? FUNCTION : { ...FUNCTION, ...OUTSIDE };
}

/**
 * The name of a processor, which is unique in its account and region: the name of the stack and `name`. It is a part of object
 * names, so that two processors with the same source and store do not write the same objects.
 * @throws SettingError on a name that another processor of the stack has
 */
export function nameOf(scope: Construct, name: string): string {
  requireText(scope, { name }, NAME);
  const stack = Stack.of(scope);
  const known = processors.get(stack) ?? new Map<string, string>();
  const other = known.get(name);
  if (other !== undefined) {
    const remedy = 'Objects of both could get the same name: give one of them another name.';
    throw new SettingError(scope, `name must differ from that of ${other}`, JSON.stringify(name), remedy);
  }
  processors.set(stack, known.set(name, scope.node.path));
  return `${stack.stackName}.${name}`;
}

/**
 * Refuse variables that the processor sets itself, and a store whose variables would be those of the source.
 * @param stores the names of the stores, with which the names of their variables start
 * @throws SettingError
 */
export function requireVariables(
  scope: Construct,
  environment: Readonly<Record<string, string>>,
  { bindContent }: RecordSource,
  stores: readonly string[],
) {
  const own = ['DEAD_LETTER', ...(bindContent ? ['SOURCE'] : [])];
  if (bindContent && stores.includes('SOURCE')) {
    throw new SettingError(
      scope,
      'stores must not be named SOURCE',
      'one',
      'With this source, the processor sets SOURCE_BUCKET: rename it.',
    );
  }
  for (const variable of Object.keys(environment)) {
    requireText(scope, { environment: variable }, VARIABLE);
    const taken = variable === 'PROCESSOR' ? variable : [...own, ...stores].find((name) => variable.startsWith(`${name}_`));
    if (taken === undefined) continue;
    throw new SettingError(
      scope,
      'environment must not set a variable of a store',
      variable,
      `The processor sets the variables that start with ${taken}.`,
    );
  }
}

/**
 * Refuse a runtime that cannot run the code.
 * @throws SettingError
 */
export function requireRuntime(scope: Construct, runtime: Runtime, code: HandlerCode | Code, layers?: readonly unknown[]) {
  if (!(runtime instanceof Runtime)) {
    throw new SettingError(scope, 'runtime must be a Runtime of Lambda', String(runtime), 'Write it like Runtime.NODEJS_24_X.');
  }
  if ('zip' in code) {
    if (runtime === Runtime.NODEJS_24_X) return;
    const remedy = 'It is compiled for nodejs24.x. For another runtime, give your own code.';
    throw new SettingError(scope, 'runtime must be nodejs24.x for a bundled handler', runtime.name, remedy);
  }
  const isImage = code instanceof EcrImageCode || code instanceof AssetImageCode;
  if (isImage !== (runtime === Runtime.FROM_IMAGE)) {
    const remedy = 'A container image contains its own runtime, and other code does not.';
    throw new SettingError(scope, 'runtime must be Runtime.FROM_IMAGE for a container image, and for nothing else', runtime.name, remedy);
  }
  if (isImage && layers)
    throw new SettingError(scope, 'layers must be left out for a container image', `${layers.length}`, 'Put them into the image.');
}

/** The role that gets the permissions. A role of another stack gets them from a policy of this stack, to avoid a cyclic reference. */
export function roleOf(scope: Construct, role?: IRole): IRole {
  if (!role) return new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  return Stack.of(role) === Stack.of(scope) ? role : Role.fromRoleName(scope, 'Role', role.roleName);
}

/** X-Ray allows no narrower resource. It is a separate policy, so that the accepted finding does not cover other wildcards. */
export function allowTracing(scope: Construct, role: IRole): Policy {
  const reason = 'Traces belong to no resource, so X-Ray allows no other ARN.';
  return allowEverywhere(scope, 'Tracing', role, ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], reason);
}

/**
 * The permissions of the role to connect the function to a VPC.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
export function allowNetwork(scope: Construct, role: IRole): Policy {
  const reason = 'Lambda creates the network interfaces, so their ids are not known, and EC2 allows no narrower resource to describe them.';
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
