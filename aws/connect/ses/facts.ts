import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { type Brought, type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { every, filter, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, alarmOnAnother, policiesOf, RETAINED } from '../../foundation/promises';

const RULE = 'AWS::SES::ReceiptRule';
const SET = 'AWS::SES::ConfigurationSet';
const DESTINATION = 'AWS::SES::ConfigurationSetEventDestination';
const ACTIVE = 'Custom::ActiveReceiptRuleSet';
const ROLE = 'Rule.Actions.S3Action.IamRoleArn';
const BUCKET = 'Rule.Actions.S3Action.BucketName';
const FUNCTION = 'Rule.Actions.LambdaAction.FunctionArn';
const CHUNK = 256 * 1024;
const NOT_RUN = { notRun: 'the local run receives no mail.' };

const helps = (name: string, promises: TypeFacts['promises'] = []): TypeFacts => ({
  name,
  role: 'helps',
  promises,
  local: 'no effect here',
});
/** The destination of the events of a configuration set. */
const itsDestination: Which = (resource, draft) =>
  every(DESTINATION)(resource, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"${resource.id}"`));

export const facts: ServiceFacts = {
  name: 'SES',
  local: { not: 'no mail server of this project takes mail: the function that makes events is tested with mails of its own' },
  unproven: [
    'SES writes mails to the store with the role of the entry, also where the bucket has a KMS key.',
    'SES tries out the role and the function when it creates the rule, and both are ready by then.',
    'The metric PublishExpired has the dimension RuleName.',
    'The regions in which SES receives mail are those of this list.',
    'EventBridge events of SES name the configuration set in detail.mail.tags.',
  ],
  unlisted: {
    'AWS/SES PublishExpired': 'AWS documents it for receipt rules, but it is not in the machine-readable list of AWS.',
  },
  types: {
    [RULE]: {
      name: 'receipt rule',
      role: 'moves data',
      tells: (rule) => [
        'SES',
        is(rule, 'Rule.TlsPolicy', 'Require') ? 'over TLS' : 'also without TLS',
        is(rule, 'Rule.ScanEnabled', true) ? 'scanned' : 'not scanned',
      ],
      flow: stepsOf,
      promises: [
        setTo({
          rule: 'tls-only',
          must: 'accept mails over TLS only',
          at: 'Rule.TlsPolicy',
          to: ['Require'],
          weak: 'Optional',
          worse: 'mails are accepted without TLS',
        }),
        setTo({
          rule: 'checked-on-entry',
          must: 'scan mails for spam and viruses',
          at: 'Rule.ScanEnabled',
          to: [true],
          weak: false,
          worse: 'mails are not scanned',
        }),
        setTo({ rule: 'active', must: 'be enabled', at: 'Rule.Enabled', to: [true], weak: false, worse: 'the rule is disabled' }),
        promised(
          'active',
          'be in a rule set that the deploy activates',
          (rule, stack) => stack.of(ACTIVE).some((one) => one.refers('RuleSetName')[0]?.id === rule.refers('RuleSetName')[0]?.id),
          { 'the rule set is not activated': remove(every(ACTIVE)) },
        ),
        promised('nothing-lost', 'store a mail before the function is called', storesFirst, {
          'mails are not stored': filter('Rule.Actions', (action) => !JSON.stringify(action).includes('S3Action')),
        }),
        promised(
          'nothing-lost',
          'call a function whose failed calls go to a queue',
          (rule) => rule.refers(FUNCTION).every((fn) => fn.refers('DeadLetterConfig.TargetArn').length === 1),
          {
            'mails whose call fails three times become no event': set('DeadLetterConfig', undefined, (rule) =>
              rule.refers(FUNCTION).map(({ id }) => id),
            ),
          },
        ),
        promised('encrypted', 'leave the encryption to S3: a mail that SES encrypts itself cannot be read by most clients', serverSide, {
          'SES encrypts mails on the client side': set(
            'Rule.Actions.0.S3Action.KmsKeyArn',
            'arn:aws:kms:eu-west-1:123456789012:alias/aws/ses',
          ),
        }),
        promised(
          'ready-before-work',
          'be created after the policies of its role, because SES tries it out',
          (rule, stack) => policiesOf(rule.refers(ROLE)[0], stack).every(({ id }) => rule.before().has(id)),
          {
            'it is created before the policies of its role': (draft, rule) => {
              for (const [id, { body }] of draft.resources) if (id === rule.id || Array.isArray(body.DependsOn)) delete body.DependsOn;
            },
          },
        ),
        alarmOnAnother(
          (rule) => rule.refers(FUNCTION)[0],
          'DeadLetterErrors',
          'have an alarm at the first failed call that does not reach its queue',
        ),
        alarmOn('PublishExpired', 'have an alarm at the first mail that SES no longer retries to store'),
      ],
      answered: { 'bounded-retries': 'SES retries its actions for four hours, which cannot be changed.' },
      needs: needsOf,
      costs: (_, { events, size }: Load): Cost[] => [
        {
          what: 'received mails',
          price: 'sesReceived',
          units: events * MONTH,
          lower: 'Fewer `recipients`: mails for others are rejected.',
        },
        {
          what: 'received data, 256 KB each',
          price: 'sesChunks',
          units: events * MONTH * Math.floor(size / CHUNK),
          lower: 'Smaller mails. Only whole chunks are billed.',
        },
        { what: 'mails written to the store', price: 's3Put', units: events * MONTH, lower: 'No setting: each mail is one object.' },
        {
          what: 'mails of one month',
          price: 's3Storage',
          units: (events * size * MONTH) / GB,
          lower: 'A shorter `archiveAfter` of the store.',
        },
      ],
      brings: (_, { events }: Load): Brought => ({ calls: events, writes: events, packed: 1 }),
      local: { RuleSetName: 'no effect here', Rule: NOT_RUN },
    },
    'AWS::SES::ReceiptRuleSet': helps('receipt rule set'),
    [ACTIVE]: helps('activation of a receipt rule set', [
      promised('active', 'come after the rules', (one, stack) => stack.of(RULE).every(({ id }) => one.before().has(id)), {
        'a rule set without its rules is activated': set('/DependsOn'),
      }),
      setTo({
        rule: 'takes-nothing',
        must: 'leave the rule set of somebody else active',
        at: 'ReplaceOther',
        to: ['false'],
        weak: 'true',
        worse: 'another active rule set is deactivated without a word',
      }),
    ]),
    'AWS::SES::EmailIdentity': helps('identity to send', [RETAINED]),
    [SET]: {
      ...helps('configuration set', [
        RETAINED,
        setTo({
          rule: 'tls-only',
          must: 'send over TLS only',
          at: 'DeliveryOptions.TlsPolicy',
          to: ['REQUIRE'],
          weak: 'OPTIONAL',
          worse: 'mails are sent without TLS',
        }),
        promised('reputation', 'not send again to addresses that bounced or complained', suppresses, {
          'addresses that complained get more mails': set('SuppressionOptions.SuppressedReasons', ['BOUNCE']),
        }),
        promised(
          'reputation',
          'publish bounces and complaints as events',
          (configuration, stack) => stack.of(DESTINATION).some((one) => publishes(one, configuration)),
          {
            'nobody hears of bounces and complaints': remove(itsDestination),
            'nobody hears of complaints': set('EventDestination.MatchingEventTypes', ['BOUNCE'], itsDestination),
          },
        ),
        alarmOn('Reputation.BounceRate', 'have an alarm at 5 % of bounces', (rate) => rate <= 0.05),
        alarmOn('Reputation.ComplaintRate', 'have an alarm at 0.1 % of complaints', (rate) => rate <= 0.001),
      ]),
      tells: () => ['SES', 'sent mails'],
    },
    [DESTINATION]: helps('events of sent mails'),
  },
  calls: {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    '@aws-sdk/client-sqs SendMessageCommand': ({ arguments: [input] }) => [optional('sqs:SendMessage', said.part(input, 'QueueUrl'))],
    // https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
    '@aws-sdk/client-kinesis PutRecordCommand': ({ arguments: [input] }) => [optional('kinesis:PutRecord', said.part(input, 'StreamName'))],
    // https://docs.aws.amazon.com/ses/latest/APIReference/API_SetActiveReceiptRuleSet.html
    ...Object.fromEntries(
      ['DescribeActiveReceiptRuleSet', 'SetActiveReceiptRuleSet'].map((action) => [
        `@aws-sdk/client-ses ${action}Command`,
        () => [{ may: `ses:${action}`, on: '*' }],
      ]),
    ),
  },
  harmless: [
    '@aws-sdk/client-kinesis KinesisClient',
    '@aws-sdk/client-ses SESClient',
    'postal-mime PostalMime',
    'postal-mime PostalMime.parse',
  ],
};

/** A request that is made only if its setting exists. */
function optional(may: string, setting: string) {
  return { may, on: setting.replace('?}', '}'), address: setting };
}

function stepsOf(rule: Asked, seen: Seen): Step[] {
  const how = `mail for ${rule.get('Rule.Recipients').map(text).join(', ')}`;
  const prefix = text(only(rule, 'Rule.Actions.S3Action.ObjectKeyPrefix'));
  return [
    { from: 'client', how, to: rule.stage, notes: seen.tell(rule), between: ['client', rule.id] },
    ...rule.refers(BUCKET).map((bucket): Step => {
      return {
        from: rule.stage,
        how: joined('each mail', `/${prefix}*`),
        to: bucket.stage,
        notes: seen.tell(bucket),
        between: [rule.id, bucket.id],
      };
    }),
    ...rule.refers(FUNCTION).map((fn): Step => {
      return { from: rule.stage, how: 'one call a mail', to: fn.stage, notes: seen.tell(fn), between: [rule.id, fn.id] };
    }),
  ];
}

function storesFirst(rule: Asked): boolean {
  const actions = rule.get('Rule.Actions').map((action) => Object.keys(action as object)[0]);
  return actions.includes('S3Action') && actions.indexOf('S3Action') < actions.indexOf('LambdaAction');
}

function serverSide(rule: Asked): boolean {
  return rule.get('Rule.Actions.S3Action.KmsKeyArn').length === 0;
}

function suppresses(configuration: Asked): boolean {
  return ['BOUNCE', 'COMPLAINT'].every((reason) => configuration.get('SuppressionOptions.SuppressedReasons').includes(reason));
}

function publishes(destination: Asked, configuration: Asked): boolean {
  return (
    names(destination, 'ConfigurationSetName', configuration) &&
    is(destination, 'EventDestination.Enabled', true) &&
    ['BOUNCE', 'COMPLAINT'].every((event) => destination.get('EventDestination.MatchingEventTypes').includes(event))
  );
}

/** https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html */
function needsOf(rule: Asked, _: Stack): Needed[] {
  const role = refOf(only(rule, ROLE)) ?? '';
  const set = text(only(rule, 'RuleSetName'));
  const rules = `arn:\${AWS::Partition}:ses:\${AWS::Region}:\${AWS::AccountId}:receipt-rule-set/${set}:receipt-rule/*`;
  const account = `StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`;
  const who = 'ses.amazonaws.com';
  const objects = `${text(only(rule, BUCKET))}/${text(only(rule, 'Rule.Actions.S3Action.ObjectKeyPrefix'))}*`;
  const from = `ArnLike aws:SourceArn ${rules}`;
  return [
    { who, may: 'sts:AssumeRole', on: `\${${role}}`, only: conditionsOf([from, account]), because: 'SES stores mails with the role' },
    { who: role, may: 's3:PutObject', on: objects, because: 'SES stores mails' },
    ...rule.refers(FUNCTION).map(({ id }) => {
      return { who, may: 'lambda:InvokeFunction', on: `\${${id}}`, only: from, because: 'SES calls the function for each mail' };
    }),
  ];
}
