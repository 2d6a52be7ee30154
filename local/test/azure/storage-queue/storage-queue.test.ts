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
  synthesizeTerraform({ BLUEPRINT: 'storage-queue' }, out, ['azure']);
  folder = path.join(out, 'stacks', 'azure-storage-queue');
});

test.each(['store-down', 'restart'] as const)(
  'with the fault %s no message is lost, and one that is too large is refused',
  async (fault) => {
    const samples = [...take(corpus({ twiceIn: 20, malformedIn: 6 }), 60)];
    const { balance } = await runOnce({ cloud: 'azure', folder, fault, samples });
    expect(balance.faults).toEqual([]);
    expect(Object.keys(balance.rejected)).toEqual(['Larger than 65536 bytes, the limit of a queue.']);
    expect(Object.keys(balance.deadLettered).length).toBeGreaterThan(5);
    expect(balance.stored).toBeGreaterThan(20);
  },
);
