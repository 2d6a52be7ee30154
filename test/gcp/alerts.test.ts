import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'cdktf';
import { build, findBlueprints } from '../../shared/synth/blueprints';
import { type Incident, incidentsOf, type Point } from '../support/cloud-monitoring';
import { onCall } from './stand-ins';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** The alert policies of every blueprint, each once by what it counts. */
const policies = new Map<string, any>();
for (const blueprint of findBlueprints(['gcp'])) {
  const outdir = mkdtempSync(path.join(tmpdir(), 'cdktf-'));
  const app = new App({ outdir, skipValidation: true });
  const { node } = build(app, blueprint, { notify: [onCall] } as object);
  app.synth();
  const { resource } = JSON.parse(readFileSync(path.join(outdir, 'stacks', node.id, 'cdk.tf.json'), 'utf8'));
  rmSync(outdir, { recursive: true });
  for (const policy of Object.values<any>(resource.google_monitoring_alert_policy ?? {}))
    policies.set(policy.conditions[0].display_name, policy);
}

/** The series that a policy watches, as the template names its resource. */
function watchedBy(policy: any, more: Readonly<Record<string, string>> = {}) {
  const equal = [...policy.conditions[0].condition_threshold.filter.matchAll(/([\w.]+) = "([^"]*)"/g)];
  return { ...Object.fromEntries(equal.map(([, label, value]) => [label, value])), ...more };
}

/** A value each minute, from one time to another. */
function gauge(policy: any, from: number, to: number, value: (at: number) => number): Point[] {
  const labels = watchedBy(policy);
  return Array.from({ length: Math.floor((to - from) / MINUTE) }, (_, minute) => from + minute * MINUTE).map((at) => ({
    at,
    value: value(at),
    labels,
  }));
}

/** One count at each time. */
const counts = (policy: any, times: readonly number[], more: Readonly<Record<string, string>> = {}): Point[] =>
  times.map((at) => ({ at, value: 1, labels: watchedBy(policy, more) }));
const every = (step: number, from: number, to: number) => Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => from + n * step);
const opened = (incidents: readonly Incident[]) => incidents.map((one) => one.opened);

/** What each service feeds to its own alerts: `alerts.ts` beside its tests. */
function besideTests(): object[] {
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' }).filter((file) => path.basename(file) === 'alerts.ts');
  return files.sort().map((file) => (require(path.join(__dirname, file)) as { scenarios: object }).scenarios);
}

/** What is fed to each alert, and when it must open an incident. An alert without a line here or beside the tests of its service fails. */
const SCENARIOS: Readonly<Record<string, (policy: any) => void>> = {
  ...Object.assign({}, ...besideTests()),
  num_undelivered_messages: (policy) => {
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(
      incidentsOf(
        policy,
        gauge(policy, 0, DAY, () => 0),
        DAY,
      ),
    ).toEqual([]);
    // The first letter comes at ten minutes and is taken out after two days and a half: it is told, and each day again.
    const drained = 2.5 * DAY;
    const held = gauge(policy, 0, 3 * DAY, (at) => (at >= 10 * MINUTE && at < drained ? 1 : 0));
    const first = 11 * MINUTE;
    expect(incidentsOf(policy, held, 3 * DAY)).toEqual([
      { opened: first, closed: expect.any(Number), told: [first, first + DAY, first + 2 * DAY] },
    ]);
    expect(incidentsOf(policy, held, 3 * DAY)[0]!.closed! - drained).toBeLessThanOrEqual(2 * MINUTE);
    // Silence closes nothing for 45 minutes, and what is still there then rings anew.
    const cut = [...gauge(policy, 0, HOUR, () => 1), ...gauge(policy, 3 * HOUR, 4 * HOUR, () => 1)];
    expect(incidentsOf(policy, cut, 4 * HOUR).map(({ opened: from, closed }) => [from, closed])).toEqual([
      [MINUTE, HOUR - MINUTE + 45 * MINUTE],
      [3 * HOUR + MINUTE, undefined],
    ]);
  },
  oldest_unacked_message_age: (policy) => {
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(
      incidentsOf(
        policy,
        gauge(policy, 0, DAY, () => 0),
        DAY,
      ),
    ).toEqual([]);
    // The reader is down: the oldest event gets older.
    expect(
      opened(
        incidentsOf(
          policy,
          gauge(policy, 0, 2 * HOUR, (at) => at),
          2 * HOUR,
        ),
      ),
    ).toEqual([HOUR + 2 * MINUTE]);
    // A deploy of 50 minutes, and what waited is read at once.
    expect(
      incidentsOf(
        policy,
        gauge(policy, 0, 2 * HOUR, (at) => (at < 50 * MINUTE ? at : 0)),
        2 * HOUR,
      ),
    ).toEqual([]);
    // It still waits: told each day, before the seven days of the retention are over.
    expect(
      incidentsOf(
        policy,
        gauge(policy, 0, 7 * DAY, (at) => at),
        7 * DAY,
      )[0]!.told,
    ).toHaveLength(7);
  },
  push_request_count: (policy) => {
    const answered = (response_class: string, times: readonly number[]) =>
      counts(policy, times, { 'metric.labels.response_class': response_class });
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(incidentsOf(policy, answered('ack', every(30, 0, DAY)), DAY)).toEqual([]);
    // 403 for one event alone, with the pauses of a delivery: told before the last try, after which it is given up.
    const tries = [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430].map((at) => HOUR + at);
    const [forbidden] = incidentsOf(policy, answered('remote_server_4xx', tries), 3 * HOUR);
    expect(forbidden!.opened).toBeLessThan(tries.at(-1)!);
    // 403 for all, until somebody gives the right back.
    const all = incidentsOf(policy, answered('remote_server_4xx', every(30, HOUR, 2 * HOUR)), 4 * HOUR);
    expect(all).toEqual([{ opened: HOUR + 20 * MINUTE, closed: expect.any(Number), told: [HOUR + 20 * MINUTE] }]);
    expect(all[0]!.closed).toBeLessThanOrEqual(2 * HOUR + 16 * MINUTE);
    // 429 while instances start, and one call that nobody answered.
    expect(incidentsOf(policy, answered('remote_server_4xx', every(1, HOUR, HOUR + 3 * MINUTE)), 3 * HOUR)).toEqual([]);
    expect(incidentsOf(policy, answered('deadline_exceeded', [HOUR]), 3 * HOUR)).toEqual([]);
    // Nobody is there to answer.
    expect(incidentsOf(policy, answered('unreachable', every(60, HOUR, 2 * HOUR)), 2 * HOUR)).toHaveLength(1);
    // The function says itself that it fails.
    expect(incidentsOf(policy, answered('remote_server_5xx', every(60, 0, DAY)), DAY)).toEqual([]);
  },
  'request_count 5xx': (policy) => {
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(incidentsOf(policy, counts(policy, every(60, 0, DAY), { 'metric.labels.response_code_class': '2xx' }), DAY)).toEqual([]);
    // One call fails at a time when nothing else is called; it closes, and the next one is heard.
    expect(incidentsOf(policy, counts(policy, [HOUR, 3 * HOUR]), DAY)).toEqual([
      { opened: HOUR + MINUTE, closed: HOUR + 5 * MINUTE, told: [HOUR + MINUTE] },
      { opened: 3 * HOUR + MINUTE, closed: 3 * HOUR + 5 * MINUTE, told: [3 * HOUR + MINUTE] },
    ]);
    // Another function fails.
    expect(incidentsOf(policy, counts(policy, [HOUR], { 'resource.labels.service_name': 'other' }), DAY)).toEqual([]);
  },
  'completed_execution_count failed': (policy) => {
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(incidentsOf(policy, counts(policy, every(HOUR, 0, DAY), { 'metric.labels.result': 'succeeded' }), DAY)).toEqual([]);
    // Two executions fail, an hour apart: each is told.
    expect(opened(incidentsOf(policy, counts(policy, [HOUR, 2 * HOUR]), DAY))).toEqual([HOUR + MINUTE, 2 * HOUR + MINUTE]);
  },
  // Cloud Monitoring itself counts the time without data, and reads the lines of a log.
  'completed_execution_count succeeded is absent': (policy) => {
    const { duration } = policy.conditions[0].condition_absent;
    expect(Number.parseInt(duration, 10)).toBeGreaterThan(3600);
    expect(Number.parseInt(duration, 10)).toBeLessThanOrEqual(23.5 * 3600);
  },
  'a start is refused': (policy) => expect(policy.conditions[0].condition_matched_log.filter).toMatch(/severity >= ERROR$/),
};

test('every alert of every blueprint is fed here', () => expect([...policies.keys()].sort()).toEqual(Object.keys(SCENARIOS).sort()));

test.each(Object.entries(SCENARIOS))('%s rings when it should, once, and not for nothing', (name, hold) => hold(policies.get(name)));

test('the alert on refused calls would ring too late for a delivery without pauses, whose dead letter rings at once', () => {
  const policy = policies.get('push_request_count');
  const tries = counts(policy, [0, 10, 20, 30, 40], { 'metric.labels.response_class': 'remote_server_4xx' });
  expect(incidentsOf(policy, tries, HOUR)).toEqual([]);
});

test('a policy that Google refuses is none here either', () => {
  const policy = structuredClone(policies.get('request_count 5xx'));
  policy.conditions[0].condition_threshold.duration = '0s';
  expect(() => incidentsOf(policy, [], DAY)).toThrow('must have a non-zero duration');
});

test('without the right words on silence, an alert stays open when nothing more happens, and the next fault is not heard', () => {
  const policy = structuredClone(policies.get('request_count 5xx'));
  delete policy.conditions[0].condition_threshold.evaluation_missing_data;
  delete policy.alert_strategy;
  expect(incidentsOf(policy, counts(policy, [HOUR, 3 * HOUR]), DAY)).toHaveLength(1);
});
