import path from 'node:path';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, take } from '../../../corpus';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-cloud-storage');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'cloud-storage' }, out, ['gcp']));

test('each new object is an event, and is in the log of objects', async () => {
  const { balance, messages } = await runOnce({ cloud: 'gcp', folder, samples: [...take(corpus(), 60)] });
  console.log(JSON.stringify(balance, null, 1), JSON.stringify(messages.filter(({ kind }) => kind === 'way').slice(0, 3)));
  expect(balance.faults).toEqual([]);
});
