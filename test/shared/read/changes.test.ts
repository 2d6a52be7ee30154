import { shapeOf } from '../../../scripts/judges/terraform/schema';
import { cloudFormationChanges } from '../../../shared/read/cfn-changes';
import { factsOf } from '../../../shared/read/facts/find';
import { terraformChanges } from '../../../shared/read/tf-changes';

/** What happens to each resource, in one line. */
const told = (changes: ReturnType<typeof cloudFormationChanges>) =>
  changes.map(({ id, fate, data, because }) =>
    [id, fate, ...(data ? [`data ${data}`] : []), ...(because.length > 0 ? [because.join(', ')] : [])].join(': '),
  );

describe('on AWS', () => {
  const bucket = (more = {}, Properties = {}) => ({ Type: 'AWS::S3::Bucket', Properties, ...more });
  const kept = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  const changes = (from: object, to: object) =>
    told(cloudFormationChanges({ Resources: from } as never, { Resources: to } as never, factsOf('aws')));

  test('what leaves the stack is lost, unless the policy that was deployed keeps it', () => {
    expect(changes({ Store: bucket() }, {})).toEqual(['Store: deleted: data lost']);
    expect(changes({ Store: bucket(kept) }, {})).toEqual(['Store: deleted: data left behind']);
    expect(changes({ Store: bucket({ DeletionPolicy: 'Snapshot' }) }, {})).toEqual(['Store: deleted: data left behind']);
  });

  test('what is replaced is lost, unless it was kept before and is kept after', () => {
    const renamed = (before: object, after: object) =>
      changes({ Store: bucket(before, { BucketName: 'a' }) }, { Store: bucket(after, { BucketName: 'b' }) });
    expect(renamed({}, {})).toEqual(['Store: replaced: data lost: BucketName']);
    expect(renamed({}, kept)).toEqual(['Store: replaced: data lost: BucketName']);
    expect(renamed(kept, {})).toEqual(['Store: replaced: data lost: BucketName']);
    expect(renamed(kept, kept)).toEqual(['Store: replaced: data left behind: BucketName']);
  });

  test('what a replaced resource is part of is replaced too, where its own name depends on it', () => {
    const stack = (name: string) => ({
      Store: bucket(kept, { BucketName: name }),
      StorePolicy: { Type: 'AWS::S3::BucketPolicy', Properties: { Bucket: { Ref: 'Store' }, PolicyDocument: {} } },
    });
    expect(changes(stack('a'), stack('b'))).toEqual(['Store: replaced: data left behind: BucketName', 'StorePolicy: replaced: Bucket']);
  });

  test('what changes in place and what is created touches no data', () => {
    const versioned = { VersioningConfiguration: { Status: 'Enabled' } };
    expect(changes({ Store: bucket() }, { Store: bucket({}, versioned), Other: bucket() })).toEqual(['Store: changed', 'Other: created']);
  });

  test('what stands in the metadata alone changes nothing', () => {
    expect(
      changes({ Store: bucket({ Metadata: { 'aws:cdk:path': 'a' } }) }, { Store: bucket({ Metadata: { 'aws:cdk:path': 'b' } }) }),
    ).toEqual([]);
  });

  test('what has a new logical id with each change is replaced, and not deleted here and created there', () => {
    const deployment = (hash: string) => ({
      [`ConnectApiDeployment1A2B3C4D${hash}`]: { Type: 'AWS::ApiGateway::Deployment', Properties: { RestApiId: 'x' } },
    });
    const [before, after] = ['0'.repeat(32), '1'.repeat(32)];
    expect(changes(deployment(before), deployment(after))).toEqual([`ConnectApiDeployment1A2B3C4D${before}: replaced: its logical id`]);
  });

  test('a type of which nothing is known holds data where it is kept', () => {
    expect(changes({ Lake: { Type: 'Acme::Lake::House', DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' } }, {})).toEqual([
      'Lake: deleted: data left behind',
    ]);
  });
});

describe('on Azure and GCP', () => {
  const changes = (from: object, to: object, cloud: 'azure' | 'gcp' = 'gcp', extra: readonly [object, object] = [{}, {}]) =>
    told(terraformChanges({ resource: from, ...extra[0] } as never, { resource: to, ...extra[1] } as never, factsOf(cloud)));
  // A type that holds no data.
  const account = (body: object) => ({ google_service_account: { press: { project: 'acme', ...body } } });
  const dataset = (body: object) => ({ google_bigquery_dataset: { events: { project: 'acme', dataset_id: 'events', ...body } } });
  const GUARD = { lifecycle: { prevent_destroy: true } };

  test('a setting that a type says it is replaced by replaces it, and any other changes it in place', () => {
    expect(changes(account({ account_id: 'a' }), account({ account_id: 'b' }))).toEqual([
      'google_service_account.press: replaced: account_id',
    ]);
    expect(changes(account({ display_name: 'a' }), account({ display_name: 'b' }))).toEqual(['google_service_account.press: changed']);
  });

  test('a setting that one side leaves to the provider may be the same one', () => {
    expect(changes(account({}), account({ account_id: 'b' }))).toEqual(['google_service_account.press: may be replaced: account_id']);
  });

  test('a setting that replaces from some values to others may replace', () => {
    const space = (sku: string) => ({ azurerm_eventhub_namespace: { events: { name: 'a', sku } } });
    expect(changes(space('Standard'), space('Premium'), 'azure')).toEqual(['azurerm_eventhub_namespace.events: may be replaced: sku']);
  });

  test('data is lost with its block, since what protects it goes too; a replacement is refused', () => {
    expect(changes(dataset(GUARD), {})).toEqual(['google_bigquery_dataset.events: deleted: data lost']);
    expect(changes(dataset({ location: 'EU', ...GUARD }), dataset({ location: 'US', ...GUARD }))).toEqual([
      'google_bigquery_dataset.events: replaced: data protected: location',
    ]);
    expect(changes(dataset({ location: 'EU', ...GUARD }), dataset({ location: 'US' }))).toEqual([
      'google_bigquery_dataset.events: replaced: data lost: location',
    ]);
  });

  test('a column that is added changes a table in place, one that is dropped is lost in place, and anything else may replace it', () => {
    const table = (...columns: object[]) => ({
      google_bigquery_table: { events: { table_id: 'a', deletion_protection: true, schema: JSON.stringify(columns) } },
    });
    const [id, press, kelvin] = [
      { name: 'id', type: 'STRING', mode: 'REQUIRED' },
      { name: 'press', type: 'STRING' },
      { name: 'kelvin', type: 'FLOAT' },
    ];
    const turned = (...columns: object[]) => changes(table(id, press), table(...columns))[0]!.replace('google_bigquery_table.events: ', '');
    expect(turned(id, press, kelvin)).toBe('changed');
    expect(turned({ ...id, mode: 'NULLABLE' }, press)).toBe('changed');
    expect(turned(id)).toBe('changed: data lost: schema: press dropped');
    for (const columns of [
      [id, kelvin],
      [id, press, { ...kelvin, mode: 'REQUIRED' }],
      [id, { ...press, type: 'JSON' }],
    ])
      expect(turned(...columns)).toBe('may be replaced: data protected: schema');
    expect(changes(table(id), { google_bigquery_table: { events: { table_id: 'a', schema: '$' + '{var.schema}' } } })[0]).toContain(
      'may be replaced',
    );
  });

  test('a column within another is added in place, and replaces the table if it is dropped or changed', () => {
    const table = (column: object) => ({
      google_bigquery_table: { events: { table_id: 'a', deletion_protection: true, schema: JSON.stringify([column]) } },
    });
    const lines = (fields: object[], more: object = {}) => table({ name: 'lines', type: 'RECORD', mode: 'REPEATED', fields, ...more });
    const [sku, count] = [
      { name: 'sku', type: 'STRING', mode: 'NULLABLE' },
      { name: 'count', type: 'INTEGER', mode: 'NULLABLE' },
    ];
    const turned = (after: ReturnType<typeof table>) => changes(lines([sku]), after)[0]!.replace('google_bigquery_table.events: ', '');
    expect(turned(lines([sku, count]))).toBe('changed');
    for (const after of [
      lines([count]),
      lines([{ ...sku, type: 'JSON' }]),
      lines([sku, { ...count, mode: 'REQUIRED' }]),
      lines([sku], { mode: 'NULLABLE' }),
      table({ name: 'lines', type: 'JSON', mode: 'NULLABLE' }),
    ])
      expect(turned(after)).toBe('may be replaced: data protected: schema');
  });

  test('a policy tag that is taken off its column is a loss: everyone who reads the table sees the values', () => {
    const tag = '$' + '{google_data_catalog_policy_tag.columns_personal.id}';
    const table = (policyTags?: object) => {
      const fields = [{ name: 'name', type: 'STRING', policyTags }];
      const schema = JSON.stringify([
        { name: 'iban', type: 'STRING', policyTags },
        { name: 'customer', type: 'RECORD', fields },
      ]);
      return { google_bigquery_table: { events: { table_id: 'a', deletion_protection: true, schema } } };
    };
    const tagged = table({ names: [tag] });
    expect(changes(table(), tagged)).toEqual(['google_bigquery_table.events: changed']);
    expect(changes(tagged, table())).toEqual([
      'google_bigquery_table.events: changed: data lost: schema: policy tag of iban, customer.name taken off',
    ]);
  });

  test('a table that is protected in the state is refused to go', () => {
    const table = { google_bigquery_table: { events: { table_id: 'a', deletion_protection: true } } };
    expect(changes(table, {})).toEqual(['google_bigquery_table.events: deleted: data protected']);
  });

  test('what is made of a replaced resource is replaced, by what it computes and by a name that changes, and not by one that stays', () => {
    const stack = (name: string, member: string) => ({
      ...account({ account_id: name }),
      google_pubsub_topic_iam_member: { writer: { topic: 'a', project: 'acme', role: 'roles/pubsub.publisher', member } },
    });
    const by = (attribute: string) => {
      const member = `serviceAccount:\${google_service_account.press.${attribute}}`;
      return changes(stack('a', member), stack('b', member))[1];
    };
    expect(by('email')).toBe('google_pubsub_topic_iam_member.writer: replaced: the  is replaced');
    expect(by('account_id')).toBe('google_pubsub_topic_iam_member.writer: replaced: the account_id of the ');
    expect(by('project')).toBeUndefined();
  });

  test('replace_triggered_by hands a replacement on', () => {
    const stack = (name: string) => ({
      azurerm_user_assigned_identity: { press: { name } },
      terraform_data: { settle: { lifecycle: { replace_triggered_by: ['azurerm_user_assigned_identity.press.id'] } } },
    });
    expect(changes(stack('a'), stack('b'), 'azure')).toContain('terraform_data.settle: replaced: the  is replaced');
  });

  test('a variable with another default is another value wherever it stands', () => {
    const variable = (value: string) => ({ variable: { prefix: { default: value } } });
    const named = account({ account_id: '$' + '{var.prefix}-events' });
    expect(changes(named, named, 'gcp', [variable('a'), variable('b')])).toEqual(['google_service_account.press: replaced: account_id']);
  });

  test('what moves within the state is the same resource', () => {
    const moved = { moved: [{ from: 'google_service_account.press', to: 'google_service_account.other' }] };
    expect(
      changes(account({ account_id: 'a' }), { google_service_account: { other: { project: 'acme', account_id: 'a' } } }, 'gcp', [
        {},
        moved,
      ]),
    ).toEqual([]);
  });

  test('what Terraform ignores changes nothing', () => {
    const ignored = (name: string) => account({ account_id: name, lifecycle: { ignore_changes: ['account_id'] } });
    expect(changes(ignored('a'), ignored('b'))).toEqual([]);
  });

  test('of a type that does not say what replaces it, any change may', () => {
    const lake = (size: number) => ({ google_lake: { events: { size } } });
    expect(changes(lake(1), lake(2))).toEqual(['google_lake.events: may be replaced: size']);
  });

  test('every type says what replaces it, in settings that its provider has', () => {
    const isSetting = (type: string, path: string) => {
      let shape = shapeOf(type);
      for (const step of path.replace('?', '').split('.')) {
        const setting = shape?.settings.get(step);
        if (!setting) return path === '*';
        shape = setting.block;
      }
      return true;
    };
    const types = ['azure', 'gcp'].flatMap((cloud) =>
      [...factsOf(cloud).services.values()].flatMap((service) => Object.entries(service.types)),
    );
    const faults = types
      .filter(([type]) => !type.startsWith('data.'))
      .flatMap(([type, { replacedBy }]) =>
        replacedBy === undefined
          ? [`${type} does not say what replaces it`]
          : replacedBy.filter((path) => !isSetting(type.split(' ')[0]!, path)).map((path) => `${type} has no setting ${path}`),
      );
    expect(faults).toEqual([]);
  });
});
