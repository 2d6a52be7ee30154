import { symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGES } from '../../bin/installed';
import { shippedApps } from '../../scripts/judges/aws-apps';
import { leastPrivilege } from '../../scripts/judges/least-privilege';
import { cloudFormationPrivileges, type Identity, terraformPrivileges } from '../../scripts/judges/privileges/findings';
import { libraryCalls } from '../../scripts/judges/privileges/handler-calls';
import { handlers } from '../../scripts/judges/privileges/handlers';
import { asksOf } from '../../scripts/judges/privileges/library';
import { terraformStacks } from '../../scripts/judges/terraform/stack';
import { CfnStack } from '../../shared/read/cfn';
import { factsOf } from '../../shared/read/facts/find';
import { factsFor } from '../../shared/read/terraform';
import { TfStack } from '../../shared/read/tf';
import { temporaryFolder } from '../support/folder';

// The compiler reads the handlers and their packages once, in the first test.
jest.setTimeout(60_000);

const root = path.join(__dirname, '../..');
const { template } = shippedApps()[0]!;
const stacks = terraformStacks();

/** Roles that allow more than any work here takes, by provider. */
const WIDE: Readonly<Record<string, readonly string[]>> = {
  azurerm: ['Owner', 'Contributor'],
  google: ['roles/owner', 'roles/editor'],
};

/** The rules that a change breaks, of those that nobody may explain away. */
function broken(identities: readonly Identity[]): string[] {
  const findings = identities.flatMap((identity) => identity.findings);
  return [...new Set(findings.filter(({ reason }) => reason === undefined).map(({ rule }) => rule))].sort();
}

test('each identity may do what its work takes, and each role that holds more says why', async () => {
  const findings = (await leastPrivilege.run()).flatMap((verdict) => verdict.findings);
  expect(findings.filter(({ reason }) => reason === undefined)).toEqual([]);
  const roles = findings.map(({ rule, where }) => `${rule}: ${where.split(' on ')[0]}`);
  expect([...new Set(roles)].sort()).toEqual([
    'no-narrower-role: Azure Event Hubs Data Receiver',
    'no-narrower-role: Azure Event Hubs Data Sender',
    'no-narrower-role: Azure Service Bus Data Receiver',
    'no-narrower-role: Azure Service Bus Data Sender',
    'no-narrower-role: AzureML Data Scientist',
    'no-narrower-role: Monitoring Metrics Publisher',
    'no-narrower-role: Role Based Access Control Administrator',
    'no-narrower-role: Storage Blob Data Contributor',
    'no-narrower-role: Storage Blob Data Reader',
    'no-narrower-role: Storage Table Data Contributor',
    'no-narrower-role: roles/bigquery.dataEditor',
    'no-narrower-role: roles/bigquery.dataViewer',
    'no-narrower-role: roles/bigquery.jobUser',
    'no-narrower-role: roles/bigquery.readSessionUser',
    'no-narrower-role: roles/bigtable.user',
    'no-narrower-role: roles/cloudkms.admin',
    'no-narrower-role: roles/cloudkms.cryptoKeyEncrypterDecrypter',
    'no-narrower-role: roles/cloudkms.signerVerifier',
    'no-narrower-role: roles/composer.worker',
    'no-narrower-role: roles/containeranalysis.notes.attacher',
    'no-narrower-role: roles/containeranalysis.occurrences.editor',
    'no-narrower-role: roles/dataflow.developer',
    'no-narrower-role: roles/dataproc.serverlessEditor',
    'no-narrower-role: roles/datastore.user',
    'no-narrower-role: roles/iam.serviceAccountTokenCreator',
    'no-narrower-role: roles/iam.serviceAccountUser',
    'no-narrower-role: roles/iam.workloadIdentityUser',
    'no-narrower-role: roles/logging.configWriter',
    'no-narrower-role: roles/monitoring.viewer',
    'no-narrower-role: roles/notebooks.editor',
    'no-narrower-role: roles/parametermanager.parameterViewer',
    'no-narrower-role: roles/pubsub.viewer',
    'no-narrower-role: roles/run.developer',
    'no-narrower-role: roles/run.viewer',
    'no-narrower-role: roles/secretmanager.secretAccessor',
    'no-narrower-role: roles/spanner.fineGrainedAccessUser',
    'no-narrower-role: roles/storage.legacyBucketReader',
    'no-narrower-role: roles/storage.objectCreator',
    'no-narrower-role: roles/storage.objectUser',
    'no-narrower-role: roles/storage.objectViewer',
    'no-narrower-role: roles/workflows.invoker',
    'no-need: AWSCDKTriggerCustomResourceProviderCustomResourceProviderRoleE18FAF0A',
    'no-need: CustomVpcRestrictDefaultSGCustomResourceProviderRole26592FE0',
  ]);
});

describe('on AWS', () => {
  type Statement = { Action: string | string[]; Resource: unknown };
  const policies = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  const places = policies.flatMap(([id, { Properties }]) =>
    (Properties as any).PolicyDocument.Statement.flatMap(({ Action }: Statement, statement: number) =>
      [Action].flat().map((action, index) => ({ id, statement, index, action })),
    ),
  );
  const changed = ({ id, statement }: { id: string; statement: number }, change: (of: Statement) => void) => {
    const copy: any = structuredClone(template);
    change(copy.Resources[id].Properties.PolicyDocument.Statement[statement]);
    return broken(cloudFormationPrivileges(new CfnStack(copy)));
  };

  test('there are permissions to take away', () => expect(places.length).toBeGreaterThanOrEqual(12));

  test('each action that is taken away is missed', () => {
    const kept = places.filter(
      (place: any) =>
        !changed(place, (of) => {
          of.Action = [of.Action].flat().filter((_, index) => index !== place.index);
        }).includes('missing'),
    );
    expect(kept).toEqual([]);
  });

  test('each action that is widened is seen', () => {
    for (const wide of [(action: string) => `${action.split(':')[0]}:*`, () => '*', (action: string) => action.replace(/.$/, '*')]) {
      const unseen = places.filter(
        (place: any) =>
          !changed(place, (of) => {
            of.Action = [of.Action].flat().map((action, index) => (index === place.index ? wide(action) : action));
          }).includes('too-wide'),
      );
      expect(unseen).toEqual([]);
    }
  });

  test('each resource that is widened is seen', () => {
    const narrow = places.filter((place: any) => !place.action.startsWith('xray:'));
    expect(narrow.filter((place: any) => !changed(place, (of) => Object.assign(of, { Resource: '*' })).includes('too-wide'))).toEqual([]);
  });
});

describe.each(stacks)('$name', ({ json }) => {
  const isGrant = (type: string) => type === 'azurerm_role_assignment' || type.endsWith('_iam_member');
  const grants = Object.entries(json.resource!).flatMap(([type, named]) =>
    isGrant(type) ? Object.keys(named).map((name) => ({ type, name })) : [],
  );
  /**
   * A deployer on GCP may do anything with the buckets of its project, and workers of Dataflow may add and read objects in all of them, as
   * Google requires. The state and the store may lie in another project, so they have a role on these too.
   */
  const isCovered = ({ name }: { readonly name: string }) => /^(Deployer_State_|ProcessingFiles_STORE)/.test(name);
  const changed = ({ type, name }: { type: string; name: string }, body: object | undefined) => {
    const copy: any = structuredClone(json);
    if (body) Object.assign(copy.resource[type][name], body);
    else delete copy.resource[type][name];
    return broken(terraformPrivileges(new TfStack(copy), factsFor(json)));
  };
  const roleOf = (type: string) => (type === 'azurerm_role_assignment' ? 'role_definition_name' : 'role');

  test('each identity has a grant to take away', () => {
    const identities = Object.entries(json.resource!).flatMap(([type, named]) =>
      /^(azurerm_user_assigned_identity|google_service_account)$/.test(type) ? Object.keys(named).map((name) => `${type}.${name}.`) : [],
    );
    const granted = JSON.stringify(grants.map(({ type, name }) => json.resource![type]![name]));
    expect(identities.length).toBeGreaterThan(0);
    expect(identities.filter((identity) => !granted.includes(identity))).toEqual([]);
  });

  test('each grant that is taken away is missed', () => {
    expect(grants.filter((grant) => !isCovered(grant) && !changed(grant, undefined).includes('missing'))).toEqual([]);
  });

  test('each grant of a wider role is seen', () => {
    const unseen = grants.flatMap((grant) => {
      const { [roleOf(grant.type)]: own } = json.resource![grant.type]![grant.name]!;
      const wider = [...WIDE[grant.type.split('_')[0]!]!, 'a role that nobody knows'].filter((role) => role !== own);
      return wider.filter((role) => changed(grant, { [roleOf(grant.type)]: role }).length === 0).map((role) => ({ ...grant, role }));
    });
    expect(unseen).toEqual([]);
  });

  test('each grant to somebody else is seen', () => {
    const unseen = grants.filter(({ type, name }) => {
      if (isCovered({ name })) return false;
      const rules = changed({ type, name }, { principal_id: 'somebody', member: 'user:somebody@example.com' });
      return !rules.includes('missing') || !rules.includes('no-need');
    });
    expect(unseen).toEqual([]);
  });
});

describe('what a handler needs is read from its bundle', () => {
  const asks = (folder: string) => {
    const { calls } = handlers().find((handler) => handler.folder === folder)!;
    return calls.flatMap(
      (call) =>
        asksOf(call, factsOf(folder.split('/')[0]!))?.map(({ may, on, only }) => `${may} on ${on}${only ? `, where ${only}` : ''}`) ?? [
          `unknown: ${call.target}`,
        ],
    );
  };

  const belowPrefix =
    'storage.objects.create on {STORE_BUCKET}, where resource.name.startsWith("projects/_/buckets/{STORE_BUCKET}/objects/{STORE_PREFIX}")';

  test.each([
    ['aws/handlers/kinesis-to-s3', ['sqs:SendMessage on {DEAD_LETTER_QUEUE_URL}', 's3:PutObject on {STORE_BUCKET}/{STORE_PREFIX}*']],
    ['aws/handlers/sqs-to-s3', ['sqs:SendMessage on {DEAD_LETTER_QUEUE_URL}', 's3:PutObject on {STORE_BUCKET}/{STORE_PREFIX}*']],
    [
      'aws/handlers/sqs-to-aurora',
      [
        'sqs:SendMessage on {DEAD_LETTER_QUEUE_URL}',
        'rds-data:ExecuteStatement on {STORE_CLUSTER_ARN}',
        'secretsmanager:GetSecretValue on {STORE_SECRET_ARN}',
      ],
    ],
    [
      'azure/handlers/event-hubs-to-blob',
      [
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write on {DEAD_LETTER_ENDPOINT}{DEAD_LETTER_CONTAINER}',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write on {STORE_ENDPOINT}{STORE_CONTAINER}',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read on {DEAD_LETTER_ENDPOINT}{DEAD_LETTER_CONTAINER}',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read on {STORE_ENDPOINT}{STORE_CONTAINER}',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read on {HOST_ENDPOINT}deliveries',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write on {HOST_ENDPOINT}deliveries',
        'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write on {HOST_ENDPOINT}deliveries',
        'Microsoft.Storage/storageAccounts/blobServices/containers/write on {HOST_ENDPOINT}deliveries',
        'data:Microsoft.EventHub/*/receive/action on {EVENTS_HUB}',
      ],
    ],
    [
      'gcp/handlers/pub-sub-to-bigquery',
      [
        'pubsub.topics.publish on {DEAD_LETTER_TOPIC}',
        'pubsub.topics.publish on {DEAD_LETTER_TOPIC}',
        'bigquery.tables.get on projects/{STORE_PROJECT}/datasets/{STORE_DATASET}/tables/{STORE_TABLE}/streams/_default',
        'bigquery.tables.updateData on projects/{STORE_PROJECT}/datasets/{STORE_DATASET}/tables/{STORE_TABLE}/streams/_default',
      ],
    ],
    [
      'gcp/handlers/pub-sub-to-cloud-storage',
      ['pubsub.topics.publish on {DEAD_LETTER_TOPIC}', belowPrefix, 'pubsub.topics.publish on {DEAD_LETTER_TOPIC}', belowPrefix],
    ],
  ])('%s', (folder, expected) => expect(asks(folder)).toEqual(expected));

  test('a package that the transform of a user calls asks nothing of a cloud, but for the clients of clouds and requests', () => {
    const call = (target: string, where = 'shared/runtime/transform.ts:9') => ({ target, where, arguments: [], receiver: '*' as const });
    expect(asksOf(call('ajv Ajv.compile'), factsOf('aws'))).toEqual([]);
    expect(asksOf(call('ajv Ajv.compile', 'aws/runtime/sinks/s3.ts:9'), factsOf('aws'))).toBeUndefined();
    for (const target of ['@aws-sdk/client-s3 DeleteObjectCommand', '@types/node fetch.fetch', 'something unknown, import']) {
      expect(asksOf(call(target), factsOf('aws'))).toBeUndefined();
    }
  });

  test('and nothing escapes: not a command that is new, not one that is passed on, not one behind a name or a request', () => {
    const folder = temporaryFolder();
    symlinkSync(PACKAGES, path.join(folder, 'node_modules'));
    writeFileSync(
      path.join(folder, 'main.ts'),
      `import { DeleteObjectCommand, HeadObjectCommand, S3, S3Client } from '@aws-sdk/client-s3';
       import * as everything from '@aws-sdk/client-sqs';
       import { request } from 'node:https';
       const s3 = new S3Client({});
       export const handler = async (names: string[], Made = HeadObjectCommand) => {
         await s3.send(new DeleteObjectCommand({ Bucket: 'b', Key: names[0] }));
         await s3.send(new Made({ Bucket: 'b', Key: 'k' }));
         await new S3({})['deleteBucket']({ Bucket: 'b' });
         new everything.PurgeQueueCommand({ QueueUrl: 'q' });
         names.forEach(request);
         names.forEach(s3['destroy']);
         (s3 as any).config.anything();
         await import('node:net');
         process.kill(1);
         await fetch(names[1], { method: 'PUT' });
       };`,
    );
    const handler = path.relative(root, folder);
    const unknown = libraryCalls({ [handler]: [path.join(handler, 'main.ts')] })[handler]!.filter((call) => !asksOf(call, factsOf('aws')));
    expect([...new Set(unknown.map(({ target }) => target))].sort()).toEqual([
      '@aws-sdk/client-s3 DeleteObjectCommand',
      '@aws-sdk/client-s3 HeadObjectCommand',
      '@aws-sdk/client-s3 HeadObjectCommand.constructor',
      '@aws-sdk/client-s3 S3',
      '@aws-sdk/client-s3 S3.deleteBucket',
      '@aws-sdk/client-s3 S3Client.destroy',
      '@aws-sdk/client-sqs PurgeQueueCommand',
      '@types/node Process.kill',
      '@types/node fetch.fetch',
      '@types/node https.request',
      'something unknown, (s3 as any).config.anything',
      'something unknown, import',
    ]);
  });
});
