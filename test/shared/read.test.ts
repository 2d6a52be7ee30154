import { type CfnTemplate, readCloudFormation } from '../../shared/read/cloudformation';
import { duration, renderAccess } from '../../shared/read/picture';
import { readTerraform } from '../../shared/read/terraform';

const statement = (more: object) => ({ Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', ...more }] });
const access = (Resources: object) => renderAccess(readCloudFormation({ Resources } as CfnTemplate).access);

describe('a permission shows in the table, however it is given', () => {
  const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [] } } };
  const roles = [{ Ref: 'ProcessingRole' }];

  test.each<[string, object, RegExp]>([
    [
      'by a policy beside the role',
      { P: { Type: 'AWS::IAM::Policy', Properties: { Roles: roles, PolicyDocument: statement({}) } } },
      /Processing +s3:\* +everything/,
    ],
    [
      'by a managed policy of the stack',
      { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { Roles: roles, PolicyDocument: statement({}) } } },
      /Processing +s3:\* +everything/,
    ],
    [
      'by a policy within the role',
      { ProcessingRole: { ...role, Properties: { ...role.Properties, Policies: [{ PolicyDocument: statement({}) }] } } },
      /Processing +s3:\* +everything/,
    ],
    [
      'by a policy of AWS',
      {
        ProcessingRole: { ...role, Properties: { ...role.Properties, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] } },
      },
      /Processing +all of AdministratorAccess/,
    ],
    [
      'by the function itself',
      {
        P: {
          Type: 'AWS::Lambda::Permission',
          Properties: { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionName: { Ref: 'ProcessingFunction' } },
        },
      },
      /everyone +lambda:InvokeFunctionUrl +Processing function/,
    ],
  ])('%s', (_, resources, row) => expect(access(resources)).toMatch(row));
});

test('a policy that says what it does not mean is refused, rather than shown as nothing', () =>
  expect(() =>
    access({ P: { Type: 'AWS::IAM::Policy', Properties: { Roles: [], PolicyDocument: statement({ NotAction: 'iam:*' }) } } }),
  ).toThrow('A policy with NotAction cannot be shown as a table of permissions. Name what is meant.'));

test.each([
  [5, '5 s'],
  [90, '90 s'],
  [300, '5 min'],
  [21_600, '6 h'],
  [604_800, '7 days'],
])('%d seconds are %s', (seconds, words) => expect(duration(seconds)).toBe(words));

test('what the flow says of a dead letter is what the stack says', () => {
  const at = (path: string) => ({ '//': { metadata: { path: `gcp-pipeline/${path}` } } });
  const flow = (ttl: string | undefined, threshold: number) =>
    readTerraform({
      resource: {
        google_pubsub_topic: { events: at('Buffer/Topic'), dead: at('Buffer/DeadLetter/Topic') },
        google_pubsub_subscription: {
          trigger: {
            ...at('Processing/Trigger'),
            topic: '${google_pubsub_topic.events.id}',
            push_config: { push_endpoint: '${google_cloudfunctions2_function.f.url}' },
            dead_letter_policy: { dead_letter_topic: '${google_pubsub_topic.dead.id}', max_delivery_attempts: 10 },
          },
          keeper: {
            ...at('Buffer/DeadLetter/Subscription'),
            topic: '${google_pubsub_topic.dead.id}',
            message_retention_duration: '2678400s',
            ...(ttl === undefined ? {} : { expiration_policy: { ttl } }),
          },
        },
        google_cloudfunctions2_function: { f: at('Processing/Function') },
        google_monitoring_alert_policy: {
          alert: {
            ...at('Buffer/DeadLetter/Alert'),
            conditions: [{ condition_threshold: { filter: '${google_pubsub_subscription.keeper.name}', threshold_value: threshold } }],
          },
        },
      },
    }).flow.find(({ to }) => to === 'Buffer dead letter')!.notes;

  expect(flow('', 0)).toBe('Pub/Sub, 31 days, deleted with the stack, never expires, alert above 0');
  expect(flow(undefined, 5000)).toBe('Pub/Sub, 31 days, deleted with the stack, alert above 5000');
});
