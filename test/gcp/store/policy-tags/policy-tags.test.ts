import { apisOf } from '../../../../gcp/foundation/apis';
import { columnNeeds } from '../../../../gcp/foundation/columns/promises';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { PolicyTags, type PolicyTagsProps } from '../../../../gcp/store/policy-tags/policy-tags';
import { TfStack } from '../../../../shared/read/tf';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, Somebody, site, synthesize } from '../../stand-ins';

const stewards = ['group:privacy@example.com', 'user:dpo@example.com'];
const make = (props: Partial<PolicyTagsProps> = {}, context = {}) =>
  synthesize((stack) => new PolicyTags(stack, 'Tags', { site, tags: { personal: { readers: stewards } }, ...props }), context);
const TAG = 'google_data_catalog_policy_tag';
const POLICY = 'google_bigquery_datapolicy_data_policy';

test('the snapshot', () => {
  expectSnapshot(
    'gcp/store/policy-tags/policy-tags.snapshot.yaml',
    'The taxonomy is active, Terraform refuses to destroy it and its tags, and readers of a tag and of its masked values are members of each alone.',
    readable(
      make({ tags: { personal: { readers: stewards, masking: 'SHA256', maskedReaders: ['group:sales@example.com'] } } }).json.resource,
    ),
  );
});

test('documents the defaults that it has', () => {
  const { one, all } = make({ tags: { personal: {} } });
  const taxonomy = one('google_data_catalog_taxonomy');
  expect(documentedDefaults('gcp/store/policy-tags/policy-tags.ts', 'PolicyTagsProps')).toEqual({
    name: taxonomy.display_name.slice('acme-data-acme-'.length),
    removal: taxonomy.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect([...all(`${TAG}_iam_member`), ...all(POLICY), ...all(`${POLICY}_iam_member`)]).toEqual([]);
  expect(one(TAG).description).toBeUndefined();
  expect(one('google_monitoring_alert_policy').notification_channels).toEqual([]);
});

test('takes every setting', () => {
  const { one, all, json } = make(
    { name: 'people', tags: { personal: { description: 'Names.', masking: 'EMAIL_MASK' } }, notify: [onCall], removal: 'destroy' },
    { destroyData: 'yes' },
  );
  expect(one('google_data_catalog_taxonomy').display_name).toBe('acme-data-acme-people');
  expect(one(TAG)).toMatchObject({ display_name: 'personal', description: 'Names.' });
  expect(one(POLICY)).toMatchObject({
    data_policy_id: 'acme_people_personal',
    data_policy_type: 'DATA_MASKING_POLICY',
    data_masking_policy: { predefined_expression: 'EMAIL_MASK' },
  });
  for (const alert of all('google_monitoring_alert_policy')) expect(alert.notification_channels).toEqual([onCall]);
  expect(JSON.stringify(json)).not.toContain('prevent_destroy');
});

test('a description is the same in BigQuery, also with the sign of an expression of Terraform', () =>
  expect(make({ tags: { personal: { description: 'Like ${name}.' } } }).one(TAG).description).toBe('Like $${name}.'));

test('the tags protect their columns: the taxonomy is active', () => {
  expect(make().one('google_data_catalog_taxonomy').activated_policy_types).toEqual(['FINE_GRAINED_ACCESS_CONTROL']);
});

test('without both keys Terraform deletes neither the taxonomy nor a tag, which would show the values of all its columns', () => {
  for (const type of ['google_data_catalog_taxonomy', TAG]) expect(make().one(type).lifecycle).toEqual({ prevent_destroy: true });
});

test('what it has keeps its address when it is moved in the tree', () => {
  const { json } = make({ tags: { personal: { masking: 'SHA256' } } });
  const resources = json.resource as Record<string, object>;
  expect(Object.keys(resources.google_data_catalog_taxonomy!)).toEqual(['columns']);
  expect([TAG, POLICY].map((type) => Object.keys(resources[type]!))).toEqual([['columns_personal'], ['columns_personal']]);
});

test('each reader is a member of the tag alone, and a masked reader of what masks it', () => {
  const { all } = make({ tags: { a: { readers: stewards }, b: { masking: 'ALWAYS_NULL', maskedReaders: stewards } } });
  expect(all(`${TAG}_iam_member`)).toMatchObject([
    {
      role: 'roles/datacatalog.categoryFineGrainedReader',
      policy_tag: `\${${TAG}.columns_a.id}`,
      for_each: expect.stringContaining('dpo'),
    },
  ]);
  expect(all(`${POLICY}_iam_member`)).toMatchObject([
    {
      role: 'roles/bigquerydatapolicy.maskedReader',
      data_policy_id: `\${${POLICY}.columns_b.id}`,
      for_each: expect.stringContaining('dpo'),
    },
  ]);
});

test('there is an alert on masking only if a tag has some, and it names each data policy', () => {
  const titles = (tags: PolicyTagsProps['tags']) => make({ tags }).all('google_monitoring_alert_policy');
  expect(titles({ a: {} }).map(({ display_name }) => display_name)).toEqual(['acme-columns: who may read protected columns was changed']);
  const masking = titles({ a: {}, b: { masking: 'SHA256' }, c: { masking: 'ALWAYS_NULL' } }).find(({ display_name }) =>
    display_name.includes('masks'),
  );
  expect(masking.conditions[0].condition_matched_log.filter).toContain(
    `protoPayload.resourceName : ("/dataPolicies/\${${POLICY}.columns_b.data_policy_id}" OR "/dataPolicies/\${${POLICY}.columns_c.data_policy_id}")`,
  );
});

test('it needs the API of data policies only for masking', () => {
  const apis = (tags: PolicyTagsProps['tags']) => {
    let found: string[] = [];
    synthesize((stack) => {
      new PolicyTags(stack, 'Tags', { site, tags });
      found = apisOf(stack);
    });
    return found;
  };
  expect(apis({ a: {} })).toEqual(['datacatalog', 'monitoring']);
  expect(apis({ a: { masking: 'SHA256' } })).toEqual(['bigquerydatapolicy', 'datacatalog', 'monitoring']);
});

test('a masked reader of a tag without masking is granted nothing', () => {
  const { all } = synthesize((stack) => {
    const tag = new PolicyTags(stack, 'Tags', { site, tags: { a: {} } }).tag('a');
    expect(tag.bindMaskedReader(new Somebody(stack, 'Reader'))).toBeUndefined();
  });
  expect(all(`${POLICY}_iam_member`)).toEqual([]);
});

test('what a query of a view needs for its protected columns is read from the view: a right on the tags, or on what masks them', () => {
  const { json } = synthesize((stack) => {
    const tags = new PolicyTags(stack, 'Tags', { site, tags: { secret: {}, person: { masking: 'SHA256' } } });
    new BigQueryStore(stack, 'Store', {
      site,
      columns: [
        { name: 'iban', type: 'STRING', policyTag: tags.tag('secret') },
        { name: 'customer', type: 'RECORD', columns: [{ name: 'name', type: 'STRING', policyTag: tags.tag('person') }] },
      ],
    });
  });
  const stack = new TfStack(json as never);
  const needs = (view: string) => columnNeeds('reader', stack.get(`google_bigquery_table.${view}`)!, stack).map(({ may, on }) => [may, on]);
  expect(needs('events_open_events')).toEqual([['bigquery.dataPolicies.maskedGet', `${POLICY}.columns_person`]]);
  expect(needs('events_unique_events').sort()).toEqual([
    ['datacatalog.categories.fineGrainedGet', `${TAG}.columns_person`],
    ['datacatalog.categories.fineGrainedGet', `${TAG}.columns_secret`],
  ]);
});

describe('refuses', () => {
  test.each<[string, Partial<PolicyTagsProps>, string]>([
    [
      'a name with a hyphen, which the name of a data policy does not take',
      { name: 'my-tags' },
      'name must be 1 to 20 lower-case letters, digits and underscores, got "my-tags". Start with a letter.',
    ],
    ['no tags', { tags: {} }, 'tags must be tags by name, got none. Write them like { personal: { readers: [...] } }.'],
    [
      'the name of a tag with a space',
      { tags: { 'my tag': {} } },
      'the name of a tag must be 1 to 20 lower-case letters, digits and underscores, got "my tag". Start with a letter.',
    ],
    [
      'a tag without settings',
      { tags: { personal: null as never } },
      'the tag personal must have settings, got object. Write it like { readers: [...] }.',
    ],
    [
      'a description of two lines',
      { tags: { personal: { description: 'two\nlines' } } },
      'description of personal must be one line of 1 to 500 characters, got "two\\nlines". Say which data has the tag.',
    ],
    [
      'everyone',
      { tags: { personal: { readers: ['allUsers'] } } },
      'readers of personal must be IAM members, got "allUsers". Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.',
    ],
    [
      'a rule that BigQuery does not have',
      { tags: { personal: { masking: 'HASH' as never } } },
      'masking of personal must be ALWAYS_NULL, DEFAULT_MASKING_VALUE, SHA256, EMAIL_MASK, FIRST_FOUR_CHARACTERS, LAST_FOUR_CHARACTERS or DATE_YEAR_MASK, got "HASH". Leave it out to refuse queries of the column.',
    ],
    [
      'masked readers of a tag that masks nothing',
      { tags: { personal: { maskedReaders: stewards } } },
      'maskedReaders of personal must come with masking, got none. Say what they see, such as SHA256.',
    ],
    [
      'a channel that is none',
      { notify: ['me'] },
      'notify must be ids of notification channels, got "me". See gcloud beta monitoring channels list.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Tags: ${message}`)));

  test('a tag that is not there', () =>
    expect(() => synthesize((stack) => new PolicyTags(stack, 'Tags', { site, tags: { a: {}, b: {} } }).tag('c'))).toThrow(
      new Error('test/Tags: tag must be the name of one of the tags, got "c". These are there: a, b.'),
    ));

  test('two taxonomies of one name', () =>
    expect(() => synthesize((stack) => ['A', 'B'].map((id) => new PolicyTags(stack, id, { site, tags: { a: {} } })))).toThrow(
      'test/B: each taxonomy of a site must have its own name, got "columns", which test/A has. Set name on one of them.',
    ));
});
