import { CALM } from '../../chaos';
import { corpus, type Sample, take, UNSTORABLE } from '../../corpus';
import { readGcp } from '../../gcp/blueprint';
import { Pace } from '../../pace';
import { temporaryFolder } from '../folder';
import { mutated, runOnce } from '../support';
import { first, having, idle } from './edits';

const trigger = (resource: any) => having(resource.google_pubsub_subscription, 'push_config');
const settings = (resource: any) => first(resource.google_cloudfunctions2_function).service_config.environment_variables;

/** Orders, readings and clicks: nothing is wrong with them. */
const good = [...take(corpus(), 4)];
const unstorable: Sample = { kind: 'unstorable', body: Buffer.from(good[0]!.body.toString().replace('e-000001', UNSTORABLE)) };

const run = (edit: (template: any) => void, samples: readonly Sample[] = good) =>
  runOnce({ cloud: 'gcp', folder: mutated('gcp', edit), samples, fault: 'poison', pace: 10_000 });

test('as it is, an event that the store refuses is given up by the handler at the last attempt, with the reason', async () => {
  const { balance } = await runOnce({ cloud: 'gcp', samples: [...good, unstorable], fault: 'poison', pace: 10_000 });
  expect(balance).toMatchObject({
    stored: 4,
    deadLettered: { 'ConnectionLost: 14: The service is currently unavailable.': 1 },
    faults: [],
  });
});

test('with a renamed setting the function is not deployed, and says which is missing', async () => {
  const renamed = run(({ resource }) => {
    const { STORE_TABLE, ...others } = settings(resource);
    first(resource.google_cloudfunctions2_function).service_config.environment_variables = { ...others, TABLE: STORE_TABLE };
  });
  await expect(renamed).rejects.toThrow('the function did not start: Error: The setting STORE_TABLE is missing.');
});

test.each<[string, (template: any) => void]>([
  [
    'for another audience',
    ({ resource }) => {
      trigger(resource).push_config.oidc_token.audience = 'https://elsewhere.example';
    },
  ],
  [
    'of another account',
    ({ resource }) => {
      trigger(resource).push_config.oidc_token.service_account_email = 'other@local-project.iam.gserviceaccount.com';
    },
  ],
  [
    'of nobody who was granted the call',
    ({ resource }) => {
      first(resource.google_cloud_run_v2_service_iam_member).member = 'serviceAccount:other@local-project.iam.gserviceaccount.com';
    },
  ],
])('with a token %s nothing reaches the function', async (_, edit) => {
  const { balance, messages } = await run(edit, [...good, { kind: 'poison', body: Buffer.from('poison') }]);
  expect(balance).toMatchObject({ stored: 0, deadLettered: { 'not acknowledged in 10 tries': 5 } });
  expect(messages.filter(({ kind }) => kind === 'log')).toEqual([]);
});

test('with five attempts, of which the handler does not know, Pub/Sub forwards after the fifth', async () => {
  const { balance } = await run(
    ({ resource }) => {
      trigger(resource).dead_letter_policy.max_delivery_attempts = 5;
    },
    [...good, unstorable],
  );
  expect(balance).toMatchObject({ stored: 4, deadLettered: { 'not acknowledged in 5 tries': 1 }, faults: [] });
});

test('without a dead letter policy, what the store refuses comes again for ever', async () => {
  const folder = mutated('gcp', ({ resource }) => {
    delete trigger(resource).dead_letter_policy;
  });
  const surroundings = idle(temporaryFolder());
  let attempts = 0;
  const platform = await (await readGcp(folder)).start({
    ...surroundings,
    pace: new Pace(1_000_000),
    chaos: { ...CALM, write: () => 'refuse' },
    witness: { ...surroundings.witness, delivered: ({ attempt }) => (attempts = attempt) },
  });
  await platform.send(good[0]!.body);
  while (attempts < 25) await new Promise(setImmediate);
  expect(platform.unsettled()).toBe(1);
  expect(await platform.letters()).toEqual([]);
  await platform.stop();
});

test('without a column that every row has, nothing is stored, and the reason names it', async () => {
  const { balance } = await run(({ resource }) => {
    const table = having(resource.google_bigquery_table, 'schema');
    table.schema = JSON.stringify(JSON.parse(table.schema).filter(({ name }: { name: string }) => name !== 'event_type'));
    having(resource.google_bigquery_table, 'view').view.query = 'SELECT `event_id` FROM `${var.project_id}.${var.prefix}_events.events`';
  });
  expect(balance).toMatchObject({ stored: 0, deadLettered: { 'PermanentError: the table has no column event_type': 4 }, faults: [] });
});

test('with another column REQUIRED, rows without it are refused by the table, and the reason names it', async () => {
  const { balance } = await run(({ resource }) => {
    const table = having(resource.google_bigquery_table, 'schema');
    table.schema = table.schema.replace(/("name":"subject".*?"mode":)"NULLABLE"/, '$1"REQUIRED"');
  });
  const { deadLettered, stored } = balance;
  expect(deadLettered).toEqual({ 'PermanentError: row 0: Field subject is required and has no value': expect.any(Number) });
  expect(stored).toBeGreaterThan(0);
  expect(balance.faults).toEqual([]);
});

test('with the name of another table in the settings, every event is given up, and the reason says so', async () => {
  const { balance } = await run(({ resource }) => {
    settings(resource).STORE_TABLE = 'other';
  });
  expect(balance.stored).toBe(0);
  expect(Object.keys(balance.deadLettered)).toEqual([expect.stringContaining('NOT_FOUND: Requested entity was not found.')]);
});

test('a view that tells rows apart by their message shows an event twice that was sent twice', async () => {
  const twice = [good[0]!, good[0]!];
  const partition = (by: string) =>
    run(({ resource }) => {
      const view = having(resource.google_bigquery_table, 'view');
      view.description = by;
      view.view.query = view.view.query.replace(/PARTITION BY .*/, `PARTITION BY ${by}`);
    }, twice);
  expect((await partition('event_source, event_id')).balance.duplicatesRemoved).toBe(1);
  expect((await partition('message_id')).balance.duplicatesRemoved).toBe(0);
});
