import path from 'node:path';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

jest.setTimeout(180_000);

/** The folder of the stack with a storage queue. */
function folderOf(): string {
  const out = temporaryFolder();
  synthesizeTerraform({ BLUEPRINT: 'storage-queue' }, out, ['azure']);
  return path.join(out, 'stacks', 'azure-storage-queue');
}

test.each([undefined, 'store-down', 'restart'] as const)('with the fault %s no message is lost', async (fault) => {
  const { balance } = await runOnce({ cloud: 'azure', folder: folderOf(), fault, count: 40 });
  expect(balance).toMatchObject({ accepted: 40, faults: [] });
});
