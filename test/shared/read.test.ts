import { CfnStack, type CfnTemplate } from '../../shared/read/cfn';
import * as cfn from '../../shared/read/cfn-grants';
import { duration } from '../../shared/read/picture';
import { factsFor, readTerraform } from '../../shared/read/terraform';
import { type TerraformJson, TfStack } from '../../shared/read/tf';
import { grantsOf } from '../../shared/read/tf-grants';

const statement = (more: object) => ({ Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*', ...more }] });
const given = (Resources: object) =>
  cfn
    .grantsOf(new CfnStack({ Resources } as CfnTemplate))
    .map(({ holder, actions, on }) => `${holder}: ${actions.join(', ')}: ${on.join(', ')}`);

describe('a permission is read, however it is given', () => {
  const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [] } } };
  const roles = [{ Ref: 'ProcessingRole' }];

  test.each<[string, object, string[]]>([
    [
      'by a policy beside the role',
      { P: { Type: 'AWS::IAM::Policy', Properties: { Roles: roles, PolicyDocument: statement({}) } } },
      ['ProcessingRole: s3:*: *'],
    ],
    [
      'by a managed policy of the stack',
      { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { Roles: roles, PolicyDocument: statement({}) } } },
      ['ProcessingRole: s3:*: *'],
    ],
    [
      'by a policy within the role',
      { ProcessingRole: { ...role, Properties: { ...role.Properties, Policies: [{ PolicyDocument: statement({}) }] } } },
      ['ProcessingRole: s3:*: *'],
    ],
    [
      'by a policy of AWS',
      {
        ProcessingRole: { ...role, Properties: { ...role.Properties, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] } },
      },
      [expect.stringMatching(/^ProcessingRole: all of AdministratorAccess: /)],
    ],
    [
      'by the function itself',
      {
        P: {
          Type: 'AWS::Lambda::Permission',
          Properties: { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionName: { Ref: 'ProcessingFunction' } },
        },
      },
      ['everyone: lambda:InvokeFunctionUrl: ${ProcessingFunction}'],
    ],
    [
      'to the second of two roles',
      { P: { Type: 'AWS::IAM::Policy', Properties: { Roles: [{ Ref: 'ConnectRole' }, ...roles], PolicyDocument: statement({}) } } },
      ['ConnectRole: s3:*: *', 'ProcessingRole: s3:*: *'],
    ],
    [
      'by a policy that the role names',
      {
        ProcessingRole: { ...role, Properties: { ...role.Properties, ManagedPolicyArns: [{ Ref: 'P' }] } },
        P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: statement({}) } },
      },
      ['ProcessingRole: s3:*: *'],
    ],
    [
      'by what it does not mean',
      {
        P: {
          Type: 'AWS::IAM::Policy',
          Properties: {
            Roles: roles,
            PolicyDocument: { Statement: [{ Effect: 'Allow', NotAction: 'iam:*', NotResource: 'arn:aws:s3:::x' }] },
          },
        },
      },
      ['ProcessingRole: all but iam:*: all but arn:aws:s3:::x'],
    ],
    [
      'by the policy of any resource',
      {
        BufferPolicy: {
          Type: 'AWS::Kinesis::ResourcePolicy',
          Properties: { ResourcePolicy: statement({ Principal: { AWS: '*' }, Action: 'kinesis:GetRecords' }) },
        },
      },
      ['everyone: kinesis:GetRecords: *'],
    ],
    [
      'by a policy that is text',
      {
        P: {
          Type: 'AWS::Logs::ResourcePolicy',
          Properties: {
            PolicyDocument: JSON.stringify(statement({ Principal: { Service: 'es.amazonaws.com' }, Action: 'logs:PutLogEvents' })),
          },
        },
      },
      ['es.amazonaws.com: logs:PutLogEvents: *'],
    ],
    [
      'by an address of the function',
      { P: { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE', TargetFunctionArn: { Ref: 'ProcessingFunction' } } } },
      ['everyone: lambda:InvokeFunctionUrl: ${ProcessingFunction}'],
    ],
    [
      'by a list of access control',
      { StoreBucket: { Type: 'AWS::S3::Bucket', Properties: { AccessControl: 'PublicRead' } } },
      ['everyone: the ACL PublicRead: ${StoreBucket}'],
    ],
  ])('%s', (_, resources, rows) => expect(given(resources)).toEqual(expect.arrayContaining(rows)));
});

describe('a permission of a stack of Terraform is read, however it is given', () => {
  const given = (resource: object) => {
    const stack = new TfStack({ resource } as TerraformJson);
    return grantsOf(stack, factsFor(stack.json)).map(({ holder, role, on }) => `${holder}: ${role}: ${on}`);
  };

  test.each<[string, object, string[]]>([
    [
      'to several at once',
      { google_pubsub_topic_iam_binding: { b: { topic: 't', role: 'roles/pubsub.editor', members: ['user:a@b.c', 'allUsers'] } } },
      ['user:a@b.c: roles/pubsub.editor: t', 'everyone: roles/pubsub.editor: t'],
    ],
    [
      'by a whole policy',
      { google_project_iam_policy: { p: { project: 'x', policy_data: '${data.google_iam_policy.p.policy_data}' } } },
      ['the identities of that policy: all of an IAM policy: project'],
    ],
    [
      'on a key',
      { google_kms_crypto_key_iam_member: { k: { crypto_key_id: 'projects/x/key', role: 'roles/owner', member: 'user:a@b.c' } } },
      ['user:a@b.c: roles/owner: projects/x/key'],
    ],
    [
      'on a folder of projects',
      { google_folder_iam_member: { k: { folder: 'folders/1', role: 'roles/owner', member: 'user:a@b.c' } } },
      ['user:a@b.c: roles/owner: folders/1'],
    ],
    [
      'in a dataset',
      { google_bigquery_dataset: { d: { access: [{ role: 'READER', special_group: 'allAuthenticatedUsers' }] } } },
      ['everyone: READER: google_bigquery_dataset.d'],
    ],
    [
      'by a list of access control',
      { google_storage_bucket_acl: { a: { bucket: 'b', role_entity: ['READER:allUsers'] } } },
      ['everyone: READER: b'],
    ],
    [
      'to anybody',
      { azurerm_storage_container: { c: { container_access_type: 'blob' } } },
      ['everyone: anonymous read (blob): azurerm_storage_container.c'],
    ],
    [
      'to whoever has a key',
      { azurerm_eventhub_authorization_rule: { r: { eventhub_name: 'hub', listen: true, send: true } } },
      ['anyone with the key: listen, send: hub'],
    ],
    [
      'by the id of a role',
      { azurerm_role_assignment: { r: { scope: '/subscriptions/1', role_definition_id: '8e3af657', principal_id: 'someone' } } },
      ['someone: 8e3af657: /subscriptions/1'],
    ],
  ])('%s', (_, resource, rows) => expect(given(resource)).toEqual(rows));
});

test.each([
  [5, '5 s'],
  [90, '90 s'],
  [300, '5 min'],
  [21_600, '6 h'],
  [604_800, '7 days'],
])('%d seconds are %s', (seconds, words) => expect(duration(seconds)).toBe(words));

test('a type of which nothing is known is refused, with the file to write', () => {
  expect(() => readTerraform({ resource: { azurerm_teapot: { Tea: {} } } })).toThrow(
    'azurerm_teapot.Tea: nothing is known of azurerm_teapot: write it into facts.ts of the service that makes it, azure/<stage>/<service>/facts.ts, or into azure/foundation/facts.ts.',
  );
});

test('what is not set is not told', () => {
  const at = (path: string) => ({ '//': { metadata: { path: `stack/${path}` } } });
  const { flow } = readTerraform({
    resource: {
      azurerm_eventhub: { h: { ...at('Buffer/Hub'), namespace_id: '/subscriptions/1' } },
      azurerm_eventhub_consumer_group: { g: { ...at('Processing/Group'), eventhub_name: '${azurerm_eventhub.h.name}' } },
      azurerm_function_app_flex_consumption: {
        a: { ...at('Processing/App'), app_settings: { GROUP: '${azurerm_eventhub_consumer_group.g.name}' } },
      },
      azurerm_role_assignment: {
        s: { scope: '${azurerm_eventhub.h.id}', role_definition_name: 'Azure Event Hubs Data Sender', principal_id: '${var.sender}' },
      },
    },
  });
  expect(flow.map(({ from, how, to, notes }) => `${from} -- ${how} --> ${to}: ${notes}`)).toEqual([
    'client -- POST /messages, Entra ID, Azure Event Hubs Data Sender --> Buffer: Event Hubs, deleted with the stack',
    'Buffer -- own consumer group --> Processing: Functions',
  ]);
});

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
