import path from 'node:path';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, take } from '../../../corpus';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

// Each run starts two processes of azurite, which takes most of its time.
jest.setTimeout(120_000);

let folder: string;
beforeAll(() => {
  const out = temporaryFolder();
  synthesizeTerraform({ BLUEPRINT: 'storage-table' }, out, ['azure']);
  folder = path.join(out, 'stacks', 'azure-storage-table');
});

test.each(['store-down', 'restart'] as const)('with the fault %s each event is one row, with all that it says', async (fault) => {
  const samples = [...take(corpus({ twiceIn: 20, malformedIn: 6 }), 60)];
  const { balance } = await runOnce({ cloud: 'azure', folder, fault, samples });
  expect(balance.faults).toEqual([]);
  expect(Object.keys(balance.deadLettered).length).toBeGreaterThan(5);
  expect(balance.stored).toBeGreaterThan(20);
});
