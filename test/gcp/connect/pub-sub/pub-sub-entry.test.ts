import { spawnSync } from 'node:child_process';
import { TerraformVariable } from 'cdktf';
import { PubSubEntry, type PubSubEntryProps } from '../../../../gcp/connect/pub-sub/pub-sub-entry';
import type { Workload } from '../../../../gcp/ports/identity';
import type { RecordSink } from '../../../../gcp/ports/records';
import { judge } from '../../../../shared/runtime/verdict';
import { documentedDefaults } from '../../../support/defaults';
import { synthesize } from '../../stand-ins';

/** A sink that remembers who was let in. */
class Sink implements RecordSink {
  readonly sendRequest = {
    url: 'https://europe-west1-pubsub.googleapis.com/v1/projects/acme-data/topics/acme-events:publish',
    headers: { 'Content-Type': 'application/json' },
    body: (event: string) => JSON.stringify({ messages: [{ data: Buffer.from(event).toString('base64') }] }),
  };
  readonly writers: [string, Workload][] = [];

  bindWriter(writer: Workload, name: string) {
    this.writers.push([name, writer]);
    return { settings: {}, waitFor: [] };
  }
}

function make(props: Partial<PubSubEntryProps> = {}) {
  const sink = new Sink();
  return { sink, ...synthesize((stack) => new PubSubEntry(stack, 'Connect', { sink, ...props })) };
}

test('documents the defaults that it has', () => {
  expect(documentedDefaults('gcp/connect/pub-sub/pub-sub-entry.ts', 'PubSubEntryProps')).toEqual({});
  expect(make().sink.writers).toEqual([]);
  expect(make({ publishers: [] }).sink.writers).toEqual([]);
});

test('makes nothing of its own: the address is the one of the sink', () => {
  const { built, sink, json } = make();
  expect(built.url).toBe(sink.sendRequest.url);
  expect(json.resource).toBeUndefined();
});

test('each publisher gets a grant, under its own name, so that the order says nothing', () => {
  const publishers = ['serviceAccount:press@acme-data.iam.gserviceaccount.com', 'group:plants@example.com'];
  const { sink } = make({ publishers });
  const [[name, writer]] = sink.writers as [[string, Workload]];
  expect(sink.writers).toHaveLength(1);
  expect(name).toBe('EVENTS');
  expect(writer.forEach).toBeDefined();
});

test('takes publishers that are known only at deploy', () => {
  const sink = new Sink();
  synthesize(
    (stack) =>
      new PubSubEntry(stack, 'Connect', { sink, publishers: new TerraformVariable(stack, 'who', { type: 'list(string)' }).listValue }),
  );
  expect(sink.writers).toHaveLength(1);
});

test('stands twice in one stack', () => {
  const sink = new Sink();
  synthesize((stack) => ['A', 'B'].map((id) => new PubSubEntry(stack, id, { sink, publishers: ['user:a@example.com'] })));
  expect(sink.writers).toHaveLength(2);
});

test('the command posts one event that follows the contract, in the form that Pub/Sub takes', () => {
  const { built } = make();
  // A shell says what curl would be called with.
  const shell = `curl() { printf '%s\\n' "$@"; }; gcloud() { echo token; }; ${built.curl}`;
  const { stdout } = spawnSync('/bin/sh', ['-c', shell], { encoding: 'utf8' });
  const [body, ...others] = stdout.trim().split('\n').reverse();
  expect(others.reverse()).toEqual([
    '-i',
    '-X',
    'POST',
    built.url,
    '-H',
    'Authorization: Bearer token',
    '-H',
    'Content-Type: application/json',
    '-d',
  ]);
  const { messages } = JSON.parse(body!);
  expect(messages).toHaveLength(1);
  expect(
    judge(
      Buffer.from(messages[0].data, 'base64'),
      (event) => event,
      (row) => row.id,
    ),
  ).toEqual({ rows: ['1'] });
});

describe('refuses', () => {
  const message = (got: string) =>
    `test/Connect: publishers must be IAM members, got "${got}". Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are not allowed.`;
  test.each(['allUsers', 'allAuthenticatedUsers', 'press@acme-data.iam.gserviceaccount.com', ''])('"%s" as a publisher', (publisher) =>
    expect(() => make({ publishers: ['user:a@example.com', publisher] })).toThrow(new Error(message(publisher))),
  );
});
