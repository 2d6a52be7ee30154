import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { readerOf } from '../blueprints';
import { CALM } from '../chaos';
import { isEmulated } from '../coverage';
import { NOT_RUN, type Order } from '../order';
import { Pace } from '../pace';
import { servicesOf } from '../parts';
import { NotRunHere } from '../platform';
import { CLOUDS, type Cloud } from '../state';
import type { Message } from '../story';
import { temporaryFolder } from './folder';
import { mutated, SILENT } from './support';

test.each(CLOUDS)('every part of %s is for a type that is emulated', (cloud) => {
  for (const { part, coverage } of servicesOf(cloud)) if (part !== undefined) expect(Object.values(coverage).some(isEmulated)).toBe(true);
});

const UNKNOWN: Readonly<Record<Cloud, readonly [(template: any) => void, string]>> = {
  aws: [(template) => (template.Resources.Table = { Type: 'AWS::DynamoDB::Table' }), 'DynamoDB'],
  azure: [(template) => (template.resource.azurerm_redis_cache = { Cache: {} }), 'azurerm_redis_cache'],
  gcp: [(template) => (template.resource.google_redis_instance = { Cache: {} }), 'google_redis_instance'],
};

test.each(CLOUDS)('a service of %s that nothing stands in for is told by its name, and nothing starts', async (cloud) => {
  const [edit, service] = UNKNOWN[cloud];
  const { start } = await readerOf(cloud)(mutated(cloud, edit));
  const starting = start({ folder: temporaryFolder(), witness: SILENT, chaos: CALM, pace: new Pace() });
  await expect(starting).rejects.toThrow(new NotRunHere(service, 'local/ has no emulator for it.'));
});

test('a service that nothing stands in for is told also if it takes a variable that has no value', async () => {
  const asking = mutated('azure', (template) => {
    template.variable.authority = { type: 'string' };
    template.resource.azurerm_redis_cache = { Cache: { name: '${var.authority}' } };
  });
  const { start } = await readerOf('azure')(asking);
  const starting = start({ folder: temporaryFolder(), witness: SILENT, chaos: CALM, pace: new Pace() });
  await expect(starting).rejects.toThrow(new NotRunHere('azurerm_redis_cache', 'local/ has no emulator for it.'));
});

test('a process that has nothing to run with says so in one message, and with its exit code', async () => {
  const order: Order = {
    cloud: 'aws',
    synthesized: mutated('aws', UNKNOWN.aws[0]),
    data: temporaryFolder(),
    count: 1,
    pace: 60,
    keep: false,
    coverage: false,
  };
  const child = fork(path.join(__dirname, '../sealed.ts'), { execArgv: ['--import', 'tsx'], cwd: path.join(__dirname, '../..') });
  const messages: Message[] = [];
  child.on('message', (message: Message) => messages.push(message));
  child.send(order);
  const [code] = await once(child, 'exit');
  expect(code).toBe(NOT_RUN);
  expect(messages).toEqual([{ kind: 'not run', reason: 'DynamoDB: local/ has no emulator for it.' }, { kind: 'done' }]);
});
