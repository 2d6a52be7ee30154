import { spawn } from 'node:child_process';
import path from 'node:path';
import { corpus, type Sample, take, UNSTORABLE } from '../../corpus';
import { FAULTS, type Fault } from '../../faults';
import { mutated, type Ran, runOnce, synthesized } from '../support';

const cloud = 'aws';

/** The properties of the one resource of a type. */
function properties(template: any, type: string): any {
  return Object.values<any>(template.Resources).find(({ Type }) => Type === type).Properties;
}
const mappingOf = (template: any) => properties(template, 'AWS::Lambda::EventSourceMapping');

/** One good event, and one that the store always refuses. */
const oneUnstorable: readonly Sample[] = ['good', UNSTORABLE].map((id) => ({
  kind: id,
  body: Buffer.from(
    JSON.stringify({ specversion: '1.0', id, source: '/s', type: 't', time: '2026-01-31T08:30:00Z', partitionkey: 'one shard' }),
  ),
}));

/** The number of records in each batch that succeeded, from the log of the handler. */
function batches({ messages }: Ran): number[] {
  const logs = messages.flatMap((message) => (message.kind === 'log' ? [JSON.parse(message.line).message] : []));
  return logs.flatMap((message) => (message?.message === 'Batch settled.' ? [message.records] : []));
}

test('all events end in the bucket or in the dead-letter queue, also malformed ones', async () => {
  const ran = await runOnce({ cloud, count: 300 });
  const { balance } = ran;
  expect(balance.faults).toEqual([]);
  expect(balance.accepted).toBeGreaterThan(200);
  expect(Object.keys(balance.rejected).length).toBeGreaterThan(5);
  expect(Object.keys(balance.deadLettered)).toEqual([expect.stringContaining('1e999 is too large')]);
  expect(Math.max(...batches(ran))).toBeGreaterThan(1);
});

test.each(Object.keys(FAULTS) as Fault[])('nothing is lost under %s', async (fault) => {
  const samples = [...take(corpus({ twiceIn: 20, malformedIn: 6, unstorableIn: fault === 'poison' ? 80 : undefined }), 160)];
  const { balance } = await runOnce({ cloud, fault, samples });
  expect(balance.faults).toEqual([]);
  expect(balance.stored).toBeGreaterThan(0);
  // The template sets how long an outage is retried.
  if (fault === 'burst') return;
  expect(Object.keys(balance.deadLettered).some((reason) => reason.startsWith('RecordAgeExceeded'))).toBe(fault === 'poison');
});

describe('a change of the template has an effect:', () => {
  test('a missing setting stops the run, with the message of the handler', async () => {
    const folder = mutated(cloud, (template) => {
      const { Variables } = properties(template, 'AWS::Lambda::Function').Environment;
      Variables.BUCKET = Variables.STORE_BUCKET;
      delete Variables.STORE_BUCKET;
    });
    await expect(runOnce({ cloud, folder })).rejects.toThrow(
      'The setting STORE_BUCKET is missing. The template that deploys this handler sets it',
    );
  });

  test('too little memory stops the run', async () => {
    const folder = mutated(cloud, (template) => {
      properties(template, 'AWS::Lambda::Function').MemorySize = 5;
    });
    await expect(runOnce({ cloud, folder })).rejects.toThrow(/Runtime exited with error: signal/);
  });

  test('a mapping template with another stream sends nothing', async () => {
    const folder = mutated(cloud, (template) => {
      const { RequestTemplates } = properties(template, 'AWS::ApiGateway::Method').Integration;
      RequestTemplates['application/json']['Fn::Join'][1].splice(1, 1, 'other');
    });
    await expect(runOnce({ cloud, folder, count: 1 })).rejects.toThrow(/answered 500 at each of 4 tries: .*The event was not accepted/);
  });

  test('batches have the configured size', async () => {
    const folder = mutated(cloud, (template) => {
      mappingOf(template).BatchSize = 1;
    });
    const ran = await runOnce({ cloud, folder, count: 30 });
    expect(new Set(batches(ran))).toEqual(new Set([1]));
    expect(ran.balance.faults).toEqual([]);
  });

  test('without ReportBatchItemFailures, records that the store refuses count as successful and are lost', async () => {
    const folder = mutated(cloud, (template) => {
      delete mappingOf(template).FunctionResponseTypes;
    });
    const { balance } = await runOnce({ cloud, folder, fault: 'poison', samples: oneUnstorable });
    expect(balance.faults).toEqual([expect.stringContaining('accepted, and neither in the store nor in the dead letter')]);
  });

  test('without a destination, what was given up is lost; with it, it is in the queue', async () => {
    const twoTries = (template: any) => {
      mappingOf(template).MaximumRetryAttempts = 1;
    };
    const run = (folder: string) => runOnce({ cloud, folder, fault: 'poison', samples: oneUnstorable });
    const { balance: kept } = await run(mutated(cloud, twoTries));
    expect([kept.faults, kept.deadLettered]).toEqual([[], { 'RetryAttemptsExhausted after 2 calls': 2 }]);

    const folder = mutated(cloud, (template) => {
      twoTries(template);
      delete mappingOf(template).DestinationConfig;
    });
    const { balance: lost } = await run(folder);
    expect(lost.faults).toEqual([expect.stringContaining('accepted, and neither in the store nor in the dead letter')]);
  });

  test('a contract that asks for more turns events away', async () => {
    const folder = mutated(cloud, (template) => {
      properties(template, 'AWS::ApiGateway::Model').Schema.required.push('subject');
    });
    const { balance } = await runOnce({ cloud, folder, samples: oneUnstorable });
    expect(balance.rejected).toEqual({ '400 Invalid request body [object has missing required properties (["subject"])]': 2 });
  });
});

test('after a stop, nothing keeps a process alive', async () => {
  const script = `
    const { readAws } = require('./aws/blueprint');
    const { Pace } = require('./pace');
    const { CALM } = require('./chaos');
    const { mkdtempSync, rmSync } = require('node:fs');
    const folder = mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'local run '));
    const witness = { arrived: () => () => {}, delivered() {}, answered() {}, stored() {}, deadLettered() {}, incident() {}, broken() {}, log() {} };
    (async () => {
      const platform = await (await readAws(process.argv[1])).start({ folder, witness, chaos: CALM, pace: new Pace(600) });
      const { accepted } = await platform.send(Buffer.from(${JSON.stringify(oneUnstorable[0]!.body.toString())}));
      while (platform.unsettled() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await platform.stop();
      rmSync(folder, { recursive: true });
      let rows = 0;
      try {
        for await (const _ of platform.rows()) rows += 1;
      } catch {}
      console.log(accepted, rows);
    })();`;
  const root = path.join(__dirname, '../../..');
  const tsx = path.join(root, 'node_modules/tsx/dist/loader.mjs');
  const child = spawn(process.execPath, ['--import', tsx, '-e', script, synthesized(cloud)], { cwd: path.join(root, 'local') });
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  expect([stdout, stderr?.replace(/\(node:\d+\) Warning: NodeVersionSupportWarning[\s\S]*/, '')]).toEqual(['true 0\n', '']);
});
