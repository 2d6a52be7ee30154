import { readFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeTerraform } from '../../../../bin/terraform';
import { corpus, type Sample, take } from '../../../corpus';
import { PART } from '../../../gcp/bigquery/part';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

const out = temporaryFolder();
const folder = path.join(out, 'stacks', 'gcp-policy-tags');
beforeAll(() => void synthesizeTerraform({ BLUEPRINT: 'policy-tags' }, out, ['gcp']));

const run = (samples: readonly Sample[]) => runOnce({ cloud: 'gcp', folder, samples, pace: 10_000 });

test('events are stored in columns within columns, what these have no place for in rest, and data that is no object in the dead letter', async () => {
  const { balance } = await run([...take(corpus(), 120)]);
  expect(balance).toMatchObject({ sent: 120, faults: [] });
  expect(balance.stored).toBeGreaterThan(70);
  expect(Object.keys(balance.deadLettered).filter((reason) => /column data of type STRUCT cannot hold this/.test(reason))).not.toEqual([]);
});

test('it says that policy tags do not act here', () => {
  const template = JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'));
  const resources = (type: string) => Object.values<object>(template.resource[type]).map((properties) => ({ properties }));
  expect(PART.overrides!({ terraform: { resources } } as never)).toContain('policy tags = not there: every reader sees each column');
});
