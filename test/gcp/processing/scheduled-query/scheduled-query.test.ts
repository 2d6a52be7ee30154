import fc from 'fast-check';
import type { TableStore } from '../../../../gcp/ports/stores';
import { cleanRows } from '../../../../gcp/processing/scheduled-query/clean-rows';
import { ScheduledQuery, type ScheduledQueryProps } from '../../../../gcp/processing/scheduled-query/scheduled-query';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const make = (props: Partial<ScheduledQueryProps> = {}) =>
  synthesize((stack) => {
    const [raw, clean] = ['raw', 'clean'].map((name) => new BigQueryStore(stack, name, { site, name })) as [BigQueryStore, BigQueryStore];
    return new ScheduledQuery(stack, 'Query', {
      site,
      reads: { RAW: raw },
      writes: { CLEAN: clean },
      query: ({ RAW, CLEAN }) => `MERGE ${CLEAN} USING ${RAW} ON FALSE WHEN NOT MATCHED THEN INSERT ROW`,
      notify: [onCall],
      ...props,
    });
  });
const queryOf = (synth: ReturnType<typeof make>) => synth.one('google_bigquery_data_transfer_config');

test('the snapshot', () => {
  const { google_bigquery_dataset: _, google_bigquery_table: __, ...others } = make().json.resource!;
  expectSnapshot(
    'gcp/processing/scheduled-query/scheduled-query.snapshot.yaml',
    'The query runs as an account of its own, which reads one table and its view, changes one other table, and may run jobs.',
    readable(others),
  );
});

test('documents the defaults that it has', () => {
  const query = queryOf(make());
  expect(documentedDefaults('gcp/processing/scheduled-query/scheduled-query.ts', 'ScheduledQueryProps')).toEqual({
    name: query.display_name.slice('acme-'.length),
    every: query.schedule,
    paused: String(query.disabled ?? false),
  });
});

test('takes every setting', () => {
  const query = queryOf(make({ name: 'nightly', every: 'every day 03:00', startTime: '2026-01-01T00:00:00Z', paused: true }));
  expect(query).toMatchObject({
    display_name: 'acme-nightly',
    schedule: 'every day 03:00',
    schedule_options: { start_time: '2026-01-01T00:00:00Z' },
    disabled: true,
  });
});

test('the query names the view of what it reads, so that a retry counts once, and the table of what it writes', () => {
  const { query } = queryOf(make()).params;
  expect(query).toMatch(
    /^MERGE `acme-data\.\$\{google_bigquery_dataset\.clean\.dataset_id\}\.\$\{google_bigquery_table\.\w*clean_events\.table_id\}` USING/,
  );
  expect(query).toMatch(/USING `acme-data\.\$\{[^}]+\}\.\$\{google_bigquery_table\.\w*unique_events\.table_id\}`/);
});

test('what looks like an expression of Terraform in the query reaches BigQuery as it was written', () => {
  expect(queryOf(make({ query: () => "MERGE SELECT REGEXP_REPLACE(data, r'${x}', '%{y}')" })).params.query).toContain("r'$${x}', '%%{y}'");
});

test('it starts only when its permissions are effective', () => {
  const { all } = make();
  const grants = [
    ...all('google_bigquery_table_iam_member'),
    ...all('google_project_iam_member'),
    ...all('google_service_account_iam_member'),
  ];
  expect(grants).toHaveLength(5);
  expect(Object.keys(all('time_sleep').at(-1).triggers)).toHaveLength(5);
});

const durations = (every: string) =>
  make({ every })
    .all('google_monitoring_alert_policy')
    .flatMap(({ conditions }) => conditions.map((one: any) => one.condition_absent?.duration).filter(Boolean));

test('silence for twice the interval opens an incident, as long as Google can measure it', () => {
  expect(durations('every 6 hours')).toEqual(['43200s']);
  expect(durations('every 30 minutes')).toEqual(['3600s']);
  expect(durations('every 5 minutes')).toEqual(['3600s']);
  expect(durations('every 12 hours')).toEqual([]);
  expect(durations('every day 03:00')).toEqual([]);
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 660 }), (minutes) => {
      const [duration] = durations(`every ${minutes} minutes`);
      const seconds = Number.parseInt(duration!, 10);
      // https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#MetricAbsence
      expect([seconds % 60, seconds >= minutes * 120, seconds <= 84_600]).toEqual([0, true, true]);
    }),
    { numRuns: 5 },
  );
});

test('a query that is paused is silent on purpose', () => {
  const absent = (paused: boolean) =>
    make({ paused })
      .all('google_monitoring_alert_policy')
      .filter(({ conditions }) => conditions[0].condition_absent);
  expect([absent(false).length, absent(true).length]).toEqual([1, 0]);
});

test('it reads a raw store, and of a store with protected columns what others see or all, with the rights for it', () => {
  const policyTag = 'projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2';
  const read = (pick: (store: BigQueryStore) => ScheduledQueryProps['reads'][string]) =>
    synthesize((stack) => {
      const store = new BigQueryStore(stack, 'store', { site, columns: [{ name: 'iban', type: 'STRING', policyTag }] });
      const clean = new BigQueryStore(stack, 'clean', { site, name: 'clean' });
      const raw = new BigQueryRawStore(stack, 'raw', { site });
      new ScheduledQuery(stack, 'Query', {
        site,
        reads: { A: pick(store), B: raw },
        writes: { C: clean },
        query: ({ A, B }) => `${A} ${B}`,
      });
    });
  const tags = ({ all }: ReturnType<typeof read>) => all('google_data_catalog_policy_tag_iam_member').map(({ policy_tag }) => policy_tag);
  const queried = ({ one }: ReturnType<typeof read>) => one('google_bigquery_data_transfer_config').params.query;
  const [open, whole] = [read((store) => store), read((store) => store.allColumns)];
  expect(queried(open)).toMatch(/events_open_events\.table_id\}` .*raw_unique_events\.table_id\}`$/);
  expect(queried(whole)).toMatch(/events_unique_events\.table_id\}` /);
  expect([tags(open), tags(whole)]).toEqual([[], [policyTag]]);
});

describe('the query that adds clean rows', () => {
  const sql = cleanRows({
    from: '`p.d.v`',
    into: '`p.c.t`',
    columns: { kelvin: "JSON_VALUE(data, '$.k')" },
    where: "event_type = 'a' OR FALSE",
    days: 7,
  });

  test('finds what is there by what names a row, and adds what is not', () => {
    expect(sql).toContain('kept.event_source = found.event_source AND kept.event_id = found.event_id AND kept.row_index = found.row_index');
    expect(sql).not.toMatch(/WHEN MATCHED|NOT MATCHED BY SOURCE|DELETE|UPDATE/);
  });

  test('reads the same days of both tables, because both require it', () => {
    expect(sql.match(/event_time >= TIMESTAMP_SUB\(@run_time, INTERVAL 7 DAY\)/g)).toHaveLength(2);
    expect(sql).toContain("AND (event_type = 'a' OR FALSE)");
  });

  test('filters on the day of the message too, if it reads a raw store, which requires it', () => {
    const ofRaw = cleanRows({ from: '`p.d.v`', into: '`p.c.t`', columns: {}, raw: true });
    expect(ofRaw).toContain('WHERE publish_day >= DATE(TIMESTAMP_SUB(@run_time, INTERVAL 3 DAY)) AND event_time >=');
    expect(sql).not.toContain('publish_day');
  });

  test('fills the columns that a table of events requires', () => {
    const [, inserted] = /INSERT \(([^)]+)\)/.exec(sql)!;
    for (const name of ['event_id', 'event_source', 'event_type', 'event_time', 'row_index', 'message_id', 'publish_time', 'kelvin']) {
      expect(inserted).toContain(`\`${name}\``);
    }
  });
});

describe('refuses', () => {
  const other: TableStore = {
    bindReader: () => ({ settings: { RAW_BUCKET: 'x' }, waitFor: [] }),
    bindWriter: () => ({ settings: {}, waitFor: [] }),
  };
  test.each<[string, Partial<ScheduledQueryProps>, string]>([
    [
      'a long name',
      { name: 'clean-events' },
      'test/Query: name must be 1 to 10 lower-case letters and digits, got "clean-events". The name of a service account has no room for more.',
    ],
    ['no tables to read', { reads: {} }, 'test/Query: reads must be tables by name, got none. Write them like { EVENTS: store }.'],
    [
      'one name for two tables, of which the query would get the one that is written',
      { writes: { RAW: other } },
      'test/Query: each table must have its own name, got "RAW" in reads and writes. The query calls it by its name.',
    ],
    [
      'one table under two names',
      { writes: { CLEAN: other, SAME: other } },
      'test/Query: writes must have each store once, got the same for CLEAN and SAME. Leave SAME out.',
    ],
    [
      'a store elsewhere',
      { reads: { RAW: other } },
      'test/Query: RAW must be a table of BigQuery, got another store. Use a BigQueryStore.',
    ],
    [
      'a store that is only read',
      { writes: { CLEAN: { bindReader: other.bindReader } as never } },
      'test/Query: CLEAN must be a store to write, got another. Use a BigQueryStore: only Pub/Sub writes into a raw store.',
    ],
    [
      'a store that is only written',
      { reads: { RAW: { bindWriter: other.bindWriter } as never } },
      'test/Query: RAW must be a store to read, got another. Use a BigQueryStore or a BigQueryRawStore.',
    ],
    [
      'a text in place of the function',
      { query: 'SELECT 1' as never },
      'test/Query: query must be a function, got string. It gets the names of the tables.',
    ],
    [
      'five fields of cron',
      { every: '0 3 * * *' },
      'test/Query: every must be a schedule of BigQuery in UTC, got "0 3 * * *". Write it like every 6 hours, or every day 03:00.',
    ],
    [
      'runs that follow too fast',
      { every: 'every 4 minutes' },
      'test/Query: every must be at least 5 minutes, got "every 4 minutes". BigQuery allows no less.',
    ],
    [
      'a start in local time',
      { startTime: '2026-01-01 00:00' },
      'test/Query: startTime must be a time in UTC, got "2026-01-01 00:00". Write it like 2026-01-01T00:00:00Z.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
