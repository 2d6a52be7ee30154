import { App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { EmailIdentity, ReceiptRuleSet } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { SesEntry, type SesEntryProps } from '../../../../aws/connect/ses/ses-entry';
import type { Workload } from '../../../../aws/ports/identity';
import type { RecordSink } from '../../../../aws/ports/records';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { type Resource, removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Settings = Partial<SesEntryProps> | ((stack: Stack) => Partial<SesEntryProps>);

function entry(stack: Stack, settings: Settings = {}, id = 'Connect') {
  const props = typeof settings === 'function' ? settings(stack) : settings;
  const neighbour = (name: string) => stack.node.tryFindChild(name);
  const store = (neighbour('Store') as S3Store) ?? new S3Store(stack, 'Store', { prefix: 'mail/' });
  const sink = (neighbour('Buffer') as SqsBuffer) ?? new SqsBuffer(stack, 'Buffer');
  return new SesEntry(stack, id, { domain: 'example.com', store, sink, ...props });
}
const make = (settings?: Settings, context?: Record<string, unknown>) => synthesize((stack) => entry(stack, settings), context);
const ruleOf = (settings?: Settings) => make(settings).one('AWS::SES::ReceiptRule').Properties.Rule;
const ref = (start: string) => ({ Ref: expect.stringMatching(new RegExp(`^${start}`)) });
const isOf = (part: string) => (stack: Stack) => ({ ruleSet: ReceiptRuleSet.fromReceiptRuleSetName(stack, `Set${part}`, part) });

/** A workload with a role. */
class Sender extends Construct implements Workload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

describe('the snapshot of', () => {
  const { built, madeBy } = make();
  const of = (...path: string[]) => madeBy(path.reduce<Construct>((at, id) => at.node.findChild(id) as Construct, built));
  const without = (resources: Record<string, Resource>, part: RegExp) =>
    Object.fromEntries(Object.entries(resources).filter(([id]) => !part.test(id)));

  test('the rule', () =>
    expectSnapshot(
      'aws/connect/ses/rule.snapshot.yaml',
      'The mail is stored before the function is called, both wait for their permissions, and the rule set is activated last.',
      without(of('Inbound'), /InboundMail(?!FunctionSes)|ActiveRuleSet(?!Resource)/),
    ));

  test('the activation', () =>
    expectSnapshot(
      'aws/connect/ses/activation.snapshot.yaml',
      'A function that only a deploy calls may read and set which rule set is active, and nothing else.',
      of('Inbound', 'ActiveRuleSet'),
    ));

  test('the function', () =>
    expectSnapshot(
      'aws/connect/ses/function.snapshot.yaml',
      'It may read mails and send to the buffer. Calls that failed three times wait in a queue, which is left out here, with its alarms and logs.',
      without(of('Inbound', 'Mail'), /Alarm|MailRetries|MailLogs|FunctionSes/),
    ));

  test('what is for sent mails', () =>
    expectSnapshot(
      'aws/connect/ses/outbound.snapshot.yaml',
      'Mails are sent over TLS only, and each bounce and complaint goes to the buffer. The identity is retained: it has the DKIM keys.',
      { ...without(of('Outbound'), /DeadLetter|Failed|Lost/), ...of('Identity') },
    ));
});

test('documents the defaults that it has', () => {
  const { one, all } = make();
  const { TlsPolicy, ScanEnabled } = one('AWS::SES::ReceiptRule').Properties.Rule;
  const { ReplaceOther } = one('Custom::ActiveReceiptRuleSet').Properties;
  expect(documentedDefaults('aws/connect/ses/ses-entry.ts', 'SesEntryProps')).toEqual({
    requireTls: String(TlsPolicy === 'Require'),
    scan: String(ScanEnabled),
    activation: { false: 'ifFree', true: 'replace' }[ReplaceOther as string],
    removal: removalOf(one('AWS::SES::EmailIdentity').DeletionPolicy),
  });
  expect(all('AWS::CloudWatch::Alarm').some(({ Properties }) => /No mail came/.test(Properties.AlarmDescription))).toBe(false);
});

describe('a mail', () => {
  test('is accepted for every address of the domain, over TLS, and scanned', () =>
    expect(ruleOf()).toMatchObject({ Enabled: true, Recipients: ['example.com'], TlsPolicy: 'Require', ScanEnabled: true }));

  test('is stored, and then a function is called that does not delay it', () =>
    expect(ruleOf().Actions).toEqual([
      {
        S3Action: {
          BucketName: ref('StoreBucket'),
          ObjectKeyPrefix: 'mail/',
          IamRoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^ConnectInboundRole/), 'Arn'] },
        },
      },
      {
        LambdaAction: {
          FunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/^ConnectInboundMailFunction/), 'Arn'] },
          InvocationType: 'Event',
        },
      },
    ]));

  test('is accepted as the settings say', () =>
    expect(ruleOf({ recipients: ['orders@example.com', '.example.com'], requireTls: false, scan: false })).toMatchObject({
      Recipients: ['orders@example.com', '.example.com'],
      TlsPolicy: 'Optional',
      ScanEnabled: false,
    }));

  test('goes below the prefix of a bucket that is there, also with a key', () => {
    const made = make((stack) => {
      const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');
      const bucket = Bucket.fromBucketAttributes(stack, 'Lake', { bucketName: 'lake', encryptionKey });
      return { store: new S3Store(stack, 'Mails', { bucket, prefix: 'raw/mail/' }) };
    });
    const [{ S3Action }] = made.one('AWS::SES::ReceiptRule').Properties.Rule.Actions;
    expect(S3Action).toMatchObject({ BucketName: 'lake', ObjectKeyPrefix: 'raw/mail/' });
    // SES would encrypt on the client side.
    expect(S3Action.KmsKeyArn).toBeUndefined();
    const actions = made.allowed(made.built).flatMap(({ Action }) => Action);
    expect(actions).toEqual(expect.arrayContaining(['kms:GenerateDataKey', 'kms:Decrypt']));
  });

  test('whose call failed three times is retried for a day, one at a time, and then goes to the dead letter', () => {
    const { one, all } = make();
    const mappings = all('AWS::Lambda::EventSourceMapping').filter(({ Properties }) => Properties.BatchSize === 1);
    const queue = all('AWS::SQS::Queue').find(({ Properties }) => Properties.RedrivePolicy?.maxReceiveCount === 240)!;
    expect(mappings).toHaveLength(1);
    expect(240 * queue.Properties.VisibilityTimeout).toBe(24 * 3600);
    const fn = all('AWS::Lambda::Function').find(({ Properties }) => Properties.DeadLetterConfig)!;
    expect(fn.Properties.DeadLetterConfig.TargetArn).toEqual(mappings[0]!.Properties.EventSourceArn);
    expect(one('AWS::Lambda::Permission').Properties).toMatchObject({
      Principal: 'ses.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
    });
  });
});

describe('the rule set', () => {
  test('is activated when its rule exists', () => {
    const { one, resources } = make();
    const [rule] = Object.entries(resources).find(([, { Type }]) => Type === 'AWS::SES::ReceiptRule')!;
    const { Properties, DependsOn } = one('Custom::ActiveReceiptRuleSet');
    expect(Properties).toMatchObject({ RuleSetName: ref('ConnectInboundRuleSet'), ReplaceOther: 'false', ServiceTimeout: '300' });
    expect(DependsOn).toContain(rule);
  });

  test('replaces another one only if the setting says so', () =>
    expect(make({ activation: 'replace' }).one('Custom::ActiveReceiptRuleSet').Properties.ReplaceOther).toBe('true'));

  test('is not activated by hand, and one that is there is left to whoever made it', () => {
    expect(make({ activation: 'byHand' }).all('Custom::ActiveReceiptRuleSet')).toEqual([]);
    const made = make(isOf('mine'));
    expect(made.one('AWS::SES::ReceiptRule').Properties.RuleSetName).toBe('mine');
    expect([...made.all('Custom::ActiveReceiptRuleSet'), ...made.all('AWS::SES::ReceiptRuleSet')]).toEqual([]);
  });

  test('of one entry takes the rule of a second one', () => {
    const { all } = synthesize((stack) => {
      const { ruleSet } = entry(stack);
      entry(stack, { domain: 'example.org', ruleSet }, 'ConnectOther');
    });
    const [one, other] = all('AWS::SES::ReceiptRule').map(({ Properties }) => Properties.RuleSetName);
    expect(one).toEqual(other);
    expect(all('Custom::ActiveReceiptRuleSet')).toHaveLength(1);
  });
});

test('SES waits for the permissions of its role and for the one to call the function', () => {
  const { resources, one } = make();
  const wanted = Object.keys(resources).filter((id) => /^ConnectInbound(RoleDefaultPolicy|MailFunctionSes)/.test(id));
  expect(wanted).toHaveLength(2);
  expect(one('AWS::SES::ReceiptRule').DependsOn).toEqual(expect.arrayContaining(wanted));
});

describe('DNS records', () => {
  test('are listed to receive, to be verified, and to send', () => {
    const { built } = make({ mailFrom: 'bounces.example.com' });
    expect(built.dnsRecords.map(({ name, type }) => `${type} ${Token.isUnresolved(name) ? 'DKIM' : name}`)).toEqual([
      'MX example.com',
      'CNAME DKIM',
      'CNAME DKIM',
      'CNAME DKIM',
      'MX bounces.example.com',
      'TXT bounces.example.com',
      'TXT _dmarc.example.com',
    ]);
  });

  test('of an identity that is there are not known', () => {
    const identity = (stack: Stack) => ({ identity: EmailIdentity.fromEmailIdentityName(stack, 'Mine', 'example.com') });
    const { built, all } = make(identity);
    expect(built.dnsRecords.map(({ type }) => type)).toEqual(['MX']);
    expect(all('AWS::SES::EmailIdentity')).toEqual([]);
  });
});

describe('a sender', () => {
  const bound = (settings?: Settings) => {
    let names: Readonly<Record<string, string>> = {};
    const { built, allowed } = synthesize((stack) => {
      const sender = new Sender(stack, 'Sender');
      names = entry(stack, settings).bindSender(sender, 'MAIL').settings;
      return sender;
    });
    return { names, allowed: allowed(built) };
  };

  test('may send from one address with the configuration set, and nothing else', () => {
    const { names, allowed } = bound();
    expect(Object.keys(names)).toEqual(['MAIL_FROM', 'MAIL_CONFIGURATION_SET']);
    expect(names.MAIL_FROM).toBe('no-reply@example.com');
    expect(allowed).toEqual([
      {
        Effect: 'Allow',
        Action: ['ses:SendEmail', 'ses:SendRawEmail'],
        Condition: { StringEquals: { 'ses:FromAddress': 'no-reply@example.com' } },
        Resource: [expect.anything(), expect.anything()],
      },
    ]);
    const text = JSON.stringify(allowed[0]!.Resource);
    expect(text).toMatch(/:identity\/"?,?\{"Ref":"ConnectIdentity/);
    expect(text).toContain(':configuration-set/');
  });

  test('may send from the address of the settings', () =>
    expect(bound({ from: 'orders@mail.example.com' }).names.MAIL_FROM).toBe('orders@mail.example.com'));
});

test('bounces and complaints of the configuration set become events in the buffer', () => {
  const { one } = make();
  const { EventDestination } = one('AWS::SES::ConfigurationSetEventDestination').Properties;
  expect(EventDestination.MatchingEventTypes).toEqual(['BOUNCE', 'COMPLAINT', 'REJECT', 'RENDERING_FAILURE']);
  const { EventPattern, Targets } = one('AWS::Events::Rule').Properties;
  expect(EventPattern).toMatchObject({
    source: ['aws.ses'],
    detail: { mail: { tags: { 'ses:configuration-set': [ref('ConnectOutboundSet')] } } },
  });
  expect(Targets[0].Arn).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^BufferQueue/), 'Arn'] });
});

test('a stream takes the events too', () => {
  const { all } = make((stack) => ({ sink: new KinesisBuffer(stack, 'Stream') }));
  const [fn] = all('AWS::Lambda::Function').filter(({ Properties }) => Properties.DeadLetterConfig);
  expect(Object.keys(fn!.Properties.Environment.Variables)).toEqual(['DOMAIN', 'STORE_BUCKET', 'STORE_PREFIX', 'SINK_STREAM']);
});

test('an alarm is raised after a time without mail, if it is set', () => {
  const silent = make({ maxSilence: Duration.hours(6) })
    .all('AWS::CloudWatch::Alarm')
    .find(({ Properties }) => /No mail came/.test(Properties.AlarmDescription))!;
  expect(silent.Properties.Metrics).toEqual([
    expect.objectContaining({ Expression: 'IF(FILL(calls, 0) < 1, 1, 0)' }),
    expect.objectContaining({ MetricStat: expect.objectContaining({ Period: 6 * 3600 }) }),
  ]);
});

test('a domain that is known only at deploy is accepted', () => {
  const domain = Token.asString({ Ref: 'Domain' });
  expect(ruleOf({ domain }).Recipients).toEqual([{ Ref: 'Domain' }]);
});

describe('refuses', () => {
  const inRegion = (region: string) => () => entry(new Stack(new App(), 'Test', { env: { account: '123456789012', region } }));
  const sink = (settings: Record<string, string>) =>
    ({
      bindWriter: () => ({ settings, waitFor: [] }),
      bindRule: (rule: any) => new SqsBuffer(rule, 'Q').bindRule(rule),
    }) as unknown as RecordSink;

  test.each<[string, () => unknown, string]>([
    [
      'a domain in capitals',
      () => make({ domain: 'Example.com' }),
      'Test/Connect: domain must be a domain in lower case, got "Example.com". Write it like example.com. SES receives mail for domains whose DNS records you can change.',
    ],
    [
      'a recipient that is neither an address nor a domain',
      () => make({ recipients: ['orders'] }),
      'Test/Connect: recipients must be addresses or domains in lower case, got "orders". Write them like support@example.com, example.com, or .example.com for all its subdomains.',
    ],
    [
      'no recipient',
      () => make({ recipients: [] }),
      'Test/Connect: recipients must be 1 to 100 addresses or domains, got 0. SES allows at most 100 in one rule. Leave it out for the whole domain.',
    ],
    [
      'a recipient of another domain, whose mail SES would not receive',
      () => make({ recipients: ['orders@notexample.com'] }),
      'Test/Connect: recipients must be of example.com or a subdomain of it, got "orders@notexample.com". For another domain, create another entry.',
    ],
    [
      'a sender of another domain',
      () => make({ from: 'me@example.org' }),
      'Test/Connect: from must be of example.com or a subdomain of it, got "me@example.org". For another domain, create another entry.',
    ],
    [
      'a pattern as a sender',
      () => make({ from: '*@example.com' }),
      'Test/Connect: from must be an address, got "*@example.com". Write it like no-reply@example.com.',
    ],
    [
      'the domain itself for bounces',
      () => make({ mailFrom: 'example.com' }),
      'Test/Connect: mailFrom must be a subdomain of example.com, got "example.com". Write it like mail.example.com. The domain itself cannot be used, because its MX record is for receiving.',
    ],
    [
      'an unknown activation',
      () => make({ activation: 'always' as never }),
      'Test/Connect: activation must be ifFree, replace or byHand, got "always". Leave it out to fail while another rule set is active.',
    ],
    [
      'an activation of a rule set that is there',
      () => make((stack) => ({ ...isOf('mine')(stack), activation: 'replace' })),
      'Test/Connect: ruleSet keeps its own settings, got activation beside it. Leave activation out.',
    ],
    [
      'a MAIL FROM domain for an identity that is there',
      () => make((stack) => ({ identity: EmailIdentity.fromEmailIdentityName(stack, 'Mine', 'example.com'), mailFrom: 'a.example.com' })),
      'Test/Connect: identity keeps its own settings, got mailFrom beside it. Leave mailFrom out.',
    ],
    [
      'two rule sets that one stack activates',
      () =>
        synthesize((stack) => {
          entry(stack);
          entry(stack, { domain: 'example.org' }, 'ConnectOther');
        }),
      'Test/ConnectOther: activation must be of one rule set in a stack, got a second one after Test/Connect. An account and region has one active rule set: give the second entry the ruleSet of the first.',
    ],
    [
      'a silence of minutes',
      () => make({ maxSilence: Duration.minutes(5) }),
      'Test/Connect: maxSilence must be 1 to 24 hours, got 0.08333333333333333. CloudWatch counts over at most a day.',
    ],
    [
      'a region without receiving',
      inRegion('cn-north-1'),
      'Test/Connect: region must be one in which SES receives mail, got cn-north-1. Use one of af-south-1, ap-northeast-1, ap-northeast-2, ap-northeast-3, ap-south-1, ap-southeast-1, ap-southeast-2, ap-southeast-3, ca-central-1, eu-central-1, eu-north-1, eu-south-1, eu-west-1, eu-west-2, eu-west-3, il-central-1, me-south-1, sa-east-1, us-east-1, us-east-2, us-west-1, us-west-2. If AWS has added this one, deploy a stack without a fixed region.',
    ],
    [
      'a buffer of another kind',
      () => make({ sink: sink({ SINK_TOPIC_ARN: 'x' }) }),
      'Test/Connect/Inbound: sink must return SINK_QUEUE_URL or SINK_STREAM, got SINK_TOPIC_ARN. Give an SqsBuffer or a KinesisBuffer. From there, events can be sent on to other services.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Connect: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('no region with receiving', () => expect(inRegion('eu-west-1')).not.toThrow());

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    const neighbours = { store: undefined as never, sink: undefined as never };
    expect(() => new SesEntry(stack, 'Connect', { domain: 'x', ...neighbours })).toThrow('domain must be');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Connect']);
  });
});
