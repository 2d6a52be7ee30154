import { type CfnTemplate, list, name, type Properties, refOf, stageOf, text, type Value } from './cfn';
import { type Grant, grantsOf, pathOf } from './cfn-grants';
import { type Access, byIdentity, byStage, duration, facts, type Hop, type Picture } from './picture';

export type { CfnTemplate };

/** Read a CloudFormation template that the AWS CDK made. */
export function readCloudFormation(template: CfnTemplate): Picture {
  const { Resources } = template;
  const entries = Object.entries(Resources);
  const of = (type: string) =>
    entries.filter(([, resource]) => resource.Type === type).map(([id, { Properties = {} }]) => ({ id, ...Properties }));
  const access = grantsOf(template).map(shown).sort(byIdentity);
  return {
    resources: entries.map(([id, { Type }]) => ({ stage: stageOf(id), type: Type, id })),
    flow: [...requests(of, Resources), ...deliveries(of, Resources), ...writes(of, Resources, access)].sort(byStage),
    access,
  };
}

type Finder = (type: string) => (Properties & { readonly id: string })[];

/** A grant as a person reads it. */
function shown({ holder, denied, actions: all, on, conditions }: Grant): Access {
  return {
    identity: /^[A-Z]\w*$/.test(holder) ? stageOf(holder) : holder,
    may: (denied ? '(denied) ' : '') + actions(all),
    on: [...new Set(on.map(target))].join(', '),
    only: conditions.map(({ test, value }) => CONDITIONS[test]?.(value) ?? `${test} ${text(value)}`).join(', '),
  };
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
        how: facts(
          `${method.HttpMethod} ${pathOf(resources, method)}`,
          String(method.AuthorizationType),
          checked && `${checked} validated`,
        ),
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

/** `kinesis:GetRecords, kinesis:ListShards` with the service said once. */
function actions(all: readonly string[]): string {
  return all.map((action, index) => (action.split(':')[0] === all[index - 1]?.split(':')[0] ? action.split(':')[1] : action)).join(', ');
}

/** `${BufferStream81218A7F}` is the `Buffer stream`. */
function target(resource: string): string {
  if (resource === '*') return 'everything';
  return resource.replace(/\$\{([A-Z]\w+)\}(.*)/, (_, id, rest) => `${name(id)} ${rest}`).trimEnd();
}

const CONDITIONS: Readonly<Record<string, (value: Value) => string>> = {
  'Bool aws:SecureTransport': (value) => (value === 'false' ? 'without TLS' : 'with TLS'),
  'NumericLessThan s3:TlsVersion': (value) => `below TLS ${value}`,
  'ArnLike aws:SourceArn': (value) => `for ${target(text(value))}`,
  'StringEquals aws:SourceAccount': () => 'of this account',
};
