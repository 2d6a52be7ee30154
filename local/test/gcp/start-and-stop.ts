import { setTimeout as sleep } from 'node:timers/promises';
import { corpus, take } from '../../corpus';
import { readGcp } from '../../gcp/blueprint';
import { all } from '../all';
import { idle } from './edits';

/** A run in a process of its own, which ends when nothing is left in it. */
async function main(synthesized: string, data: string) {
  const platform = await (await readGcp(synthesized)).start(idle(data));
  for (const { body } of take(corpus(), 3)) await platform.send(body);
  while (platform.unsettled() > 0) await sleep(5);
  console.log(`stored ${(await all(platform.rows())).length}`);
  await platform.stop();
}

void main(process.argv[2]!, process.argv[3]!);
