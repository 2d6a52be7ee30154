import { type Access, byIdentity, byStage, duration, facts, type Hop, type Picture, STAGES, words } from './picture';

/** A value in a template: JSON, with the functions of CloudFormation among it. */
type Value = string | number | boolean | undefined | readonly Value[] | { readonly [key: string]: Value };
type Properties = { readonly [key: string]: Value };

interface CfnResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly DeletionPolicy?: string;
}

/** A template, as far as it is read here. */
export interface CfnTemplate {
  readonly Resources: Readonly<Record<string, CfnResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

/** Read a CloudFormation template that the AWS CDK made. */
export function readCloudFormation({ Resources }: CfnTemplate): Picture {
  const entries = Object.entries(Resources);
  const of = (type: string) =>
    entries.filter(([, resource]) => resource.Type === type).map(([id, { Properties = {} }]) => ({ id, ...Properties }));
  const access = [...rolePolicies(of), ...trust(of), ...callers(of), ...resourcePolicies(of), ...openings(of)].sort(byIdentity);
  return {
    resources: entries.map(([id, { Type }]) => ({ stage: stageOf(id), type: Type, id })),
    flow: [...requests(of, Resources), ...deliveries(of, Resources), ...writes(of, Resources, access)].sort(byStage),
    access,
  };
}

type Finder = (type: string) => (Properties & { readonly id: string })[];

/** What a role may do: by the policies beside it, by those within it, and by those that AWS or somebody else keeps. */
function rolePolicies(of: Finder): Access[] {
  const beside = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap(of).flatMap((policy) => {
    const identity = stageOf(refOf(list(policy.Roles)[0]) ?? policy.id);
    return statements(policy.PolicyDocument).map((statement) => ({ identity, ...permission(statement) }));
  });
  const within = of('AWS::IAM::Role').flatMap(({ id, Policies, ManagedPolicyArns }) => {
    const identity = stageOf(id);
    const inline = (list(Policies) as Properties[]).flatMap(({ PolicyDocument }) => statements(PolicyDocument));
    const kept = list(ManagedPolicyArns).filter((arn) => !refOf(arn));
    return [
      ...inline.map((statement) => ({ identity, ...permission(statement) })),
      ...kept.map((arn) => ({ identity, may: `all of ${text(arn).split('/').at(-1)}`, on: 'whatever that policy says', only: '' })),
    ];
  });
  return [...beside, ...within];
}

/** Who may call a function, besides the roles that may. */
function callers(of: Finder): Access[] {
  return of('AWS::Lambda::Permission').map(({ Principal, Action, FunctionName, SourceArn, id }) => ({
    identity: text(Principal) === '*' ? 'everyone' : text(Principal),
    may: text(Action),
    on: name(refOf(FunctionName) ?? id),
    only: SourceArn === undefined ? '' : `for ${target(SourceArn)}`,
  }));
}

/** Who may act as a role. */
function trust(of: Finder): Access[] {
  return of('AWS::IAM::Role').flatMap(({ id, AssumeRolePolicyDocument }) =>
    statements(AssumeRolePolicyDocument).map((statement) => ({ identity: principal(statement), ...permission(statement), on: name(id) })),
  );
}

/** What a bucket or a queue says about those who come to it. */
function resourcePolicies(of: Finder): Access[] {
  return ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy']
    .flatMap(of)
    .flatMap(({ PolicyDocument }) =>
      statements(PolicyDocument).map((statement) => ({ identity: principal(statement), ...permission(statement) })),
    );
}

/** Who may send to an API. */
function openings(of: Finder): Access[] {
  return of('AWS::ApiGateway::Method').map((method) => ({
    identity: method.AuthorizationType === 'NONE' ? 'everyone' : 'client',
    may: `${method.HttpMethod} ${pathOf(of, method)}`,
    on: name(refOf(method.RestApiId) ?? method.id),
    only: method.AuthorizationType === 'NONE' ? '' : `authorized by ${method.AuthorizationType}`,
  }));
}

/** The way through an API to what stands behind it. */
function requests(of: Finder, resources: CfnTemplate['Resources']): Hop[] {
  return of('AWS::ApiGateway::Method').flatMap((method) => {
    const [validator] = of('AWS::ApiGateway::RequestValidator').filter(({ id }) => id === refOf(method.RequestValidatorId));
    const [settings] = of('AWS::ApiGateway::Stage').flatMap(({ MethodSettings }) => list(MethodSettings) as Properties[]);
    const integration = method.Integration as Properties;
    const template = JSON.stringify(integration.RequestTemplates);
    const keys = [...template.matchAll(/\$input\.json\('\$\.(\w+)'\)/g)].map(([, key]) => key);
    const target = refOf(integration.RequestTemplates) ?? '';
    const action = text(integration.Uri).match(/:(\w+):action\/(\w+)$/);
    const checked = facts(
      validator?.ValidateRequestBody === true && 'body',
      validator?.ValidateRequestParameters === true && 'params',
    ).replace(',', ' +');
    return [
      {
        from: 'client',
        how: facts(`${method.HttpMethod} ${pathOf(of, method)}`, String(method.AuthorizationType), checked && `${checked} validated`),
        to: stageOf(method.id),
        notes: facts('API Gateway', `${settings?.ThrottlingRateLimit} requests/s`, `burst ${settings?.ThrottlingBurstLimit}`, 'access log'),
      },
      {
        from: stageOf(method.id),
        how: facts(action ? `${action[1]}:${action[2]}` : 'request', keys.length > 0 && `key = ${[...new Set(keys)].join(' or ')}`),
        to: stageOf(target),
        notes: describe(resources, target),
      },
    ];
  });
}

/** Batches that are pushed to a function, and where they go when all retries failed. */
function deliveries(of: Finder, resources: CfnTemplate['Resources']): Hop[] {
  return of('AWS::Lambda::EventSourceMapping').flatMap((mapping) => {
    const source = refOf(mapping.EventSourceArn) ?? '';
    const target = refOf(mapping.FunctionName) ?? '';
    const failures = refOf(mapping.DestinationConfig);
    const hop = {
      from: stageOf(source),
      how: facts(
        `${mapping.BatchSize} records or ${duration(Number(mapping.MaximumBatchingWindowInSeconds))}`,
        mapping.BisectBatchOnFunctionError === true && 'bisect',
        mapping.FunctionResponseTypes !== undefined && 'partial failures',
        `${mapping.MaximumRetryAttempts} retries`,
        duration(Number(mapping.MaximumRecordAgeInSeconds)),
      ),
      to: stageOf(target),
      notes: describe(resources, target),
    };
    return failures
      ? [hop, { from: hop.from, how: 'after the last retry', to: name(failures), notes: describe(resources, failures) }]
      : [hop];
  });
}

/** What a function hands on: each resource of another stage that its role may add to. */
function writes(of: Finder, resources: CfnTemplate['Resources'], access: readonly Access[]): Hop[] {
  const targets = Object.keys(resources).filter((id) => ['AWS::S3::Bucket', 'AWS::SQS::Queue'].includes(resources[id]!.Type));
  return of('AWS::Lambda::Function').flatMap(({ id }) =>
    targets.flatMap((target) =>
      access
        .filter(({ identity, may, on }) => identity === stageOf(id) && /:(Put|Send)/.test(may) && on.startsWith(name(target)))
        .map(({ may, on }) => ({
          from: stageOf(id),
          how: facts(may, on.slice(name(target).length).trim()),
          to: resources[target]!.Type === 'AWS::SQS::Queue' ? name(target) : stageOf(target),
          notes: describe(resources, target),
        })),
    ),
  );
}

/** The facts about a resource that a reviewer asks for first. */
function describe(resources: CfnTemplate['Resources'], id: string): string {
  const { Type, Properties = {}, DeletionPolicy } = resources[id] ?? { Type: '' };
  const kept = DeletionPolicy === 'Retain' ? 'retained' : 'deleted with the stack';
  const get = (...path: string[]) => path.reduce<Value>((value, key) => (value as Properties | undefined)?.[key], Properties);
  switch (Type) {
    case 'AWS::Kinesis::Stream':
      return facts(
        'Kinesis',
        text(get('StreamModeDetails', 'StreamMode')).toLowerCase().replace('_', ' '),
        duration(Number(get('RetentionPeriodHours')) * 3600),
        get('StreamEncryption') !== undefined && 'encrypted',
        kept,
      );
    case 'AWS::Lambda::Function':
      return `Lambda, ${get('Runtime')} ${list(get('Architectures')).join()} ${get('MemorySize')} MB ${get('Timeout')} s`;
    case 'AWS::S3::Bucket':
      return facts(
        'S3',
        get('VersioningConfiguration', 'Status') === 'Enabled' && 'versioned',
        get('BucketEncryption') !== undefined && 'encrypted',
        kept,
      );
    case 'AWS::SQS::Queue':
      return facts(
        'SQS',
        duration(Number(get('MessageRetentionPeriod'))),
        get('SqsManagedSseEnabled') === true && 'encrypted',
        kept,
        alarmOn(resources, id),
      );
    default:
      return '';
  }
}

function alarmOn(resources: CfnTemplate['Resources'], id: string): string | undefined {
  const alarm = Object.values(resources).find(
    ({ Type, Properties }) => Type === 'AWS::CloudWatch::Alarm' && refOf(Properties?.Dimensions) === id,
  );
  return alarm && `alarm at ${alarm.Properties?.Threshold}`;
}

interface Statement extends Properties {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
}

function statements(document: Value): Statement[] {
  return list((document as Properties | undefined)?.Statement) as unknown as Statement[];
}

/** @throws Error on a statement that says what it does not mean, since the table would then say less than the policy */
function permission(statement: Statement): Omit<Access, 'identity'> {
  for (const key of ['NotAction', 'NotResource', 'NotPrincipal']) {
    if (statement[key] !== undefined)
      throw new Error(`A policy with ${key} cannot be shown as a table of permissions. Name what is meant.`);
  }
  const denied = statement.Effect === 'Deny' ? '(denied) ' : '';
  return {
    may: denied + actions(list(statement.Action) as string[]),
    on: [...new Set(list(statement.Resource).map(target))].join(', '),
    only: condition(statement),
  };
}

/** `kinesis:GetRecords, kinesis:ListShards` with the service said once. */
function actions(all: readonly string[]): string {
  return all.map((action, index) => (action.split(':')[0] === all[index - 1]?.split(':')[0] ? action.split(':')[1] : action)).join(', ');
}

function target(resource: Value): string {
  if (resource === '*') return 'everything';
  const id = refOf(resource);
  return id
    ? facts(name(id)) +
        text(resource)
          .replace(/^\$\{[^}]*\}/, ' ')
          .trimEnd()
    : text(resource);
}

function principal({ Principal }: Statement): string {
  const who = typeof Principal === 'object' ? Object.values(Principal)[0] : Principal;
  return text(who) === '*' ? 'everyone' : text(who);
}

const CONDITIONS: Readonly<Record<string, (value: Value) => string>> = {
  'Bool aws:SecureTransport': (value) => (value === 'false' ? 'without TLS' : 'with TLS'),
  'NumericLessThan s3:TlsVersion': (value) => `below TLS ${value}`,
  'ArnLike aws:SourceArn': (value) => `for ${target(value)}`,
  'StringEquals aws:SourceAccount': () => 'of this account',
};

function condition({ Condition = {} }: Statement): string {
  const parts = Object.entries(Condition).flatMap(([operator, tests]) =>
    Object.entries(tests as Properties).map(
      ([key, value]) => CONDITIONS[`${operator} ${key}`]?.(value) ?? `${operator} ${key} ${text(value)}`,
    ),
  );
  return parts.join(', ');
}

/** The path of a method, from its resource up to the root. */
function pathOf(of: Finder, method: Properties): string {
  const [resource] = of('AWS::ApiGateway::Resource').filter(({ id }) => id === refOf(method.ResourceId));
  return resource ? `${pathOf(of, { ResourceId: resource.ParentId })}/${resource.PathPart}`.replace('//', '/') : '';
}

/** The stage is what the logical id begins with. */
function stageOf(id: string): string {
  return STAGES.find((stage) => id.startsWith(stage)) ?? 'Stack';
}

/** `BufferDeadLetter4A3CA5E4` is the `Buffer dead letter`. */
function name(id: string): string {
  const stage = stageOf(id);
  return `${stage} ${words(id.replace(/[0-9A-F]{8}$/, '').slice(stage === 'Stack' ? 0 : stage.length))}`;
}

/** The first resource of the template that a value refers to. */
function refOf(value: Value): string | undefined {
  if (typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return value.map(refOf).find((id) => id !== undefined);
  const { Ref, 'Fn::GetAtt': getAtt } = value as Properties;
  if (typeof Ref === 'string' && !Ref.startsWith('AWS::')) return Ref;
  if (getAtt) return String(list(getAtt)[0]);
  return Object.values(value)
    .map(refOf)
    .find((id) => id !== undefined);
}

/** A value as text, each reference as a `${placeholder}`. */
function text(value: Value): string {
  if (typeof value !== 'object') return String(value ?? '');
  const { 'Fn::Join': join } = value as Properties;
  if (join) return list(list(join)[1]).map(text).join('');
  return `\${${refOf(value) ?? 'value'}}`;
}

function list(value: Value): readonly Value[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
