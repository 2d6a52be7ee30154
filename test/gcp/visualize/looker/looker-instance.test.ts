import { App } from 'cdktf';
import { costsOfStack } from '../../../../bin/cost';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { GcpLooker } from '../../../../gcp/visualize/looker/example';
import { LookerInstance, type LookerInstanceProps } from '../../../../gcp/visualize/looker/looker-instance';
import { SharedView } from '../../../../gcp/visualize/shared-view/shared-view';
import { TfStack } from '../../../../shared/read/tf';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, site, synthesize } from '../../stand-ins';
import { NEEDED } from './needed';

const INSTANCE = 'google_looker_instance';
const network = 'projects/acme-data/global/networks/inner';
const make = (props: Partial<LookerInstanceProps> = {}, context = {}) =>
  synthesize((stack) => {
    const view = new SharedView(stack, 'View', { site, store: new BigQueryStore(stack, 'Store', { site }) });
    return new LookerInstance(stack, 'Visualize', { ...NEEDED, site, views: { EVENTS: view }, ...props });
  }, context);

test('the snapshot', () => {
  const own = Object.entries(make().json.resource!).map(([type, named]) => [
    type,
    Object.fromEntries(Object.entries(named).filter(([id]) => /looker|Visualize/.test(id))),
  ]);
  expectSnapshot(
    'gcp/visualize/looker/looker-instance.snapshot.yaml',
    'The Looker service agent may query one view, and run queries. The instance is not deleted with the stack, nor while it has content.',
    readable(Object.fromEntries(own.filter(([, named]) => Object.keys(named as object).length > 0))),
  );
});

test('documents the defaults that it has', () => {
  const { name, lifecycle } = make().one(INSTANCE);
  expect(documentedDefaults('gcp/visualize/looker/looker-instance.ts', 'LookerInstanceProps')).toEqual({
    name: name.slice('acme-'.length),
    removal: lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('is updated on Sunday at three, and has a public address, unless somebody chose', () => {
  expect(make().one(INSTANCE)).toMatchObject({
    maintenance_window: { day_of_week: 'SUNDAY', start_time: { hours: 3 } },
    public_ip_enabled: true,
    private_ip_enabled: false,
  });
});

test('takes every setting', () => {
  const { one, all } = make({
    name: 'reports',
    edition: 'NONPROD_ENTERPRISE',
    emailDomains: ['example.com', 'example.org'],
    maintenanceWindow: { day: 'MONDAY', hour: 0 },
    network,
    encryptionKey: key,
  });
  expect(one(INSTANCE)).toMatchObject({
    name: 'acme-reports',
    platform_edition: 'LOOKER_CORE_NONPROD_ENTERPRISE_ANNUAL',
    admin_settings: { allowed_email_domains: ['example.com', 'example.org'] },
    maintenance_window: { day_of_week: 'MONDAY', start_time: { hours: 0 } },
    public_ip_enabled: false,
    private_ip_enabled: true,
    consumer_network: network,
    encryption_config: { kms_key_name: key },
  });
  expect(all('google_kms_crypto_key_iam_member')).toMatchObject([
    { crypto_key_id: key, member: 'serviceAccount:service-1@gcp-sa-looker.iam.gserviceaccount.com' },
  ]);
});

test('its service agent may query the views and run queries, and has no role on a store', () => {
  const { all } = make();
  const grants = [...all('google_bigquery_table_iam_member'), ...all('google_project_iam_member')];
  const member = 'serviceAccount:service-1@gcp-sa-looker.iam.gserviceaccount.com';
  expect(grants.map((grant) => [grant.role, grant.table_id, grant.member])).toEqual([
    ['roles/bigquery.dataViewer', '${google_bigquery_table.shared_events.id}', member],
    ['roles/bigquery.jobUser', undefined, member],
  ]);
});

test('reads several views, each with a grant of its own', () => {
  const { all } = synthesize((stack) => {
    const store = new BigQueryStore(stack, 'Store', { site });
    const [one, other] = ['one', 'other'].map((name) => new SharedView(stack, name, { site, store, name }));
    return new LookerInstance(stack, 'Visualize', { ...NEEDED, site, views: { ONE: one!, OTHER: other! } });
  });
  expect(all('google_bigquery_table_iam_member').map(({ table_id }) => table_id)).toEqual([
    '${google_bigquery_table.one_events.id}',
    '${google_bigquery_table.other_events.id}',
  ]);
});

test('is deleted with two keys only, and then with its content', () => {
  expect(make().one(INSTANCE)).toMatchObject({ deletion_policy: 'DEFAULT', lifecycle: { prevent_destroy: true } });
  const { deletion_policy, lifecycle } = make({ removal: 'destroy' }, { destroyData: 'yes' }).one(INSTANCE);
  expect([deletion_policy, lifecycle]).toEqual(['FORCE', undefined]);
  expect(() => make({ removal: 'destroy' })).toThrow(/destroyData/);
});

test('keeps its address when it moves within the stack', () => expect(Object.keys(make().json.resource![INSTANCE]!)).toEqual(['looker']));

test('plans hide both values of the OAuth client, and the cost is told first', () => {
  const app = new App({ outdir: temporaryFolder() });
  const json = new GcpLooker(app, 'looker').toTerraform();
  for (const name of ['oauth_client_id', 'oauth_client_secret']) expect(json.variable[name].sensitive).toBe(true);
  const { lines } = costsOfStack('looker', 'gcp', new TfStack(json), { events: 0, size: 1000 });
  expect(lines[0]).toMatchObject({ what: expect.stringContaining('the instance, by the month') });
});

describe('refuses', () => {
  test.each<[string, Partial<LookerInstanceProps>, string]>([
    [
      'a trial',
      { edition: 'TRIAL' as never },
      'edition must be STANDARD, ENTERPRISE, EMBED, NONPROD_STANDARD, NONPROD_ENTERPRISE or NONPROD_EMBED, got "TRIAL". Google sells no other, and a trial ends with all that is in it.',
    ],
    [
      'a private address with edition STANDARD',
      { network },
      `network must be left out with edition STANDARD, got "${network}". It takes edition ENTERPRISE or EMBED.`,
    ],
    [
      'a key with edition NONPROD_STANDARD',
      { edition: 'NONPROD_STANDARD', encryptionKey: key },
      `encryptionKey must be left out with edition NONPROD_STANDARD, got "${key}". It takes edition ENTERPRISE or EMBED.`,
    ],
    ['no views', { views: {} }, 'views must be views by name, got none. Write them like { EVENTS: view }, with a SharedView.'],
    [
      'content for everybody',
      { emailDomains: [] },
      "emailDomains must be domains of email addresses, got none. Write them like ['example.com'].",
    ],
    [
      'a wrong secret, without telling it',
      { oauthClient: { ...NEEDED.oauthClient, clientSecret: 'my secret' } },
      'oauthClient.clientSecret must be the secret of an OAuth client, got string. Give it by a sensitive variable, and not in a file.',
    ],
    [
      'an hour that no day has',
      { maintenanceWindow: { day: 'SUNDAY', hour: 24 } },
      'maintenanceWindow.hour must be 0 to 23 hours, got 24. It is in UTC.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Visualize: ${message}`)));

  test('one view under two names', () =>
    expect(() =>
      synthesize((stack) => {
        const view = new SharedView(stack, 'View', { site, store: new BigQueryStore(stack, 'Store', { site }) });
        return new LookerInstance(stack, 'Visualize', { ...NEEDED, site, views: { ONE: view, SAME: view } });
      }),
    ).toThrow(new Error('test/Visualize: views must have each store once, got the same for ONE and SAME. Leave SAME out.')));

  test('two instances with one name', () =>
    expect(() =>
      synthesize((stack) => {
        const view = new SharedView(stack, 'View', { site, store: new BigQueryStore(stack, 'Store', { site }) });
        for (const id of ['A', 'B']) new LookerInstance(stack, id, { ...NEEDED, site, views: { EVENTS: view } });
      }),
    ).toThrow(
      new Error('test/B: each Looker instance of a site must have its own name, got "looker", which test/A has. Set name on one of them.'),
    ));
});
