import { deviceRegistry } from '../../../../../gcp/runtime/sources/device-https/registry';
import { Device } from '../../../connect/device-gateway/gateway';

const { pem } = new Device('press-7');
const DENIED = { status: 403, body: 'does not have storage.objects.get access' };
let answers: (name: string) => { status: number; body: string };
let lists: { status: number; body: string };
let asked: string[] = [];
let now = 0;

beforeEach(() => {
  process.env.REGISTRY_BUCKET = 'acme-devices';
  process.env.REGISTRY_PREFIX = 'devices/';
  process.env.STORAGE_EMULATOR_HOST = 'http://127.0.0.1:1';
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url) => {
    const [, name] = /\/o\/devices%2F(.*)\.pem\?alt=media$/.exec(String(url)) ?? [];
    asked.push(name ?? 'the list');
    const { status, body } = name === undefined ? lists : answers(name);
    return new Response(body, { status });
  });
  answers = (name) => (name.startsWith('press') ? { status: 200, body: pem } : DENIED);
  lists = { status: 200, body: '{}' };
  asked = [];
  now = 0;
});
afterEach(() => jest.restoreAllMocks());

test('tokens with made-up names push out no device, also if there is no room for one more', async () => {
  const registry = deviceRegistry('REGISTRY', 60, 1000, 10);
  for (let at = 0; at < 10; at++) await registry(`press-${at}`);
  for (let at = 0; at < 50; at++) expect(await registry(`stranger-${at}`)).toEqual([]);
  asked = [];
  expect(await registry('press-0')).toHaveLength(1);
  expect(asked).toEqual([]);
  // Another device does, and the oldest is forgotten.
  await registry('press-10');
  await registry('press-0');
  expect(asked).toEqual(['press-10', 'press-0']);
});

test('a device that is refused for the lack of a role is told so within a minute, however long keys are kept', async () => {
  const registry = deviceRegistry('REGISTRY', 3600);
  expect(await registry('stranger')).toEqual([]);
  // The role is taken away, and Google answers as if nothing existed.
  [answers, lists] = [() => DENIED, DENIED];
  now = 61_000;
  await expect(registry('press-7')).rejects.toThrow(/403/);
});

test('a bucket whose key cannot be used is not an empty one', async () => {
  const registry = deviceRegistry('REGISTRY', 60);
  answers = () => ({ status: 403, body: 'Permission denied on Cloud KMS key.' });
  await expect(registry('press-7')).rejects.toThrow(/Cloud KMS/);
});
