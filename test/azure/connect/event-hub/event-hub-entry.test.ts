import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TerraformVariable } from 'cdktf';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { EventHubEntry, type EventHubEntryProps } from '../../../../azure/connect/event-hub/event-hub-entry';
import { check } from '../../../../shared/runtime/event-check';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';
import { readable, site, synthesize } from '../../stand-ins';

const hubId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/shared/eventhubs/orders';
const ada = '11111111-2222-3333-4444-555555555555';
const press = '66666666-7777-8888-9999-000000000000';

const make = (senders?: EventHubEntryProps['senders']) =>
  synthesize((stack) => new EventHubEntry(stack, 'Connect', { sink: new EventHubBuffer(stack, 'Buffer', { site, hubId }), senders }));

test('the snapshot', () => {
  expectSnapshot(
    'azure/connect/event-hub/event-hub-entry.snapshot.yaml',
    'Each sender may send to this one hub, and may do nothing else.',
    readable(make({ [ada]: 'User', [press]: 'ServicePrincipal' }).all('azurerm_role_assignment')),
  );
});

test('nobody may send until somebody is named', () => {
  expect(make().all('azurerm_role_assignment')).toEqual([]);
});

test('senders may be known only at deploy', () => {
  const { one } = synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    return new EventHubEntry(stack, 'Connect', { sink, senders: new TerraformVariable(stack, 'senders', {}).value });
  });
  expect(one('azurerm_role_assignment')).toMatchObject({
    for_each: '${var.senders}',
    principal_id: '${lower(each.key)}',
    principal_type: '${each.value}',
  });
});

test('stands twice in one stack', () => {
  const { all } = synthesize((stack) => {
    const sink = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    return ['A', 'B'].map((id) => new EventHubEntry(stack, id, { sink, senders: { [ada]: 'User' } }));
  });
  expect(all('azurerm_role_assignment')).toHaveLength(2);
});

test('the command sends an event that follows the contract, with a token for Event Hubs', () => {
  const folder = temporaryFolder();
  for (const [name, script] of [
    ['az', '#!/bin/sh\necho "token for $4"\n'],
    ['curl', '#!/bin/sh\nfor word; do echo "$word"; done\n'],
  ] as const) {
    writeFileSync(path.join(folder, name), script);
    chmodSync(path.join(folder, name), 0o755);
  }
  const words = execFileSync('/bin/sh', ['-c', make().built.curl], { env: { PATH: folder }, encoding: 'utf8' })
    .trimEnd()
    .split('\n');
  expect(words.slice(0, -1)).toEqual([
    '-i',
    '-X',
    'POST',
    'https://shared.servicebus.windows.net/orders/messages?timeout=60&api-version=2014-01',
    '-H',
    'Authorization: Bearer token for https://eventhubs.azure.net',
    '-H',
    'Content-Type: application/atom+xml;type=entry;charset=utf-8',
    '-H',
    'BrokerProperties: {"PartitionKey":"press-7"}',
    '-d',
  ]);
  const event = JSON.parse(words.at(-1)!);
  expect([check(event), event.partitionkey]).toEqual([true, 'press-7']);
});

test('events of one key are sent with their key, and others without', () => {
  const { sendRequest } = synthesize((stack) => new EventHubBuffer(stack, 'Buffer', { site, hubId })).built;
  expect(sendRequest.headers('{"partitionkey":"a \\"b\\""}').BrokerProperties).toBe('{"PartitionKey":"a \\"b\\""}');
  expect(sendRequest.headers('{}').BrokerProperties).toBeUndefined();
});

describe('refuses', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'a name for an object id',
      { 'ada@example.com': 'User' },
      'test/Connect: senders must be object ids, got "ada@example.com". Find it with az ad user show, az ad group show or az ad sp show.',
    ],
    [
      'a robot',
      { [ada]: 'Robot' },
      'test/Connect: senders must be User, Group or ServicePrincipal, got "Robot". It is the type of the object id.',
    ],
  ])('%s', (_, senders, message) => {
    expect(() => make(senders as EventHubEntryProps['senders'])).toThrow(new Error(message));
  });
});
