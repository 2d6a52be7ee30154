import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readerOf } from '../blueprints';
import { corpus, take } from '../corpus';
import { Pace } from '../pace';
import { run } from '../run';
import { CLOUDS } from '../state';
import type { Message } from '../story';
import { temporaryFolder } from './folder';
import { synthesized } from './support';

const shell = (command: string) => promisify(execFile)('sh', ['-c', command], { cwd: '/' });

test.each(CLOUDS)('%s: the command that is printed sends an event, which is told and counted like every other one', async (cloud) => {
  const stop = new AbortController();
  const messages: Message[] = [];
  let command = '';
  const ways = () => messages.flatMap((message) => (message.kind === 'way' && message.byHand ? [message] : []));
  const tell = (message: Message) => {
    messages.push(message);
    if (message.kind === 'up') command = message.places.send;
    if (message.kind === 'end' && !stop.signal.aborted) void shell(command).then(() => shell(command.replace('"id":"mine-1",', '')));
    if (ways().length === 2) stop.abort();
  };
  const balance = await run({
    blueprint: await readerOf(cloud)(synthesized(cloud)),
    folder: temporaryFolder(),
    samples: take(corpus(), 10),
    pace: new Pace(600),
    seed: 1,
    keep: true,
    stopped: stop.signal,
    tell,
  });
  expect(balance).toMatchObject({ sent: 12, faults: [] });
  expect(
    ways()
      .map(({ event }) => event)
      .sort(),
  ).toEqual(['by hand', 'by hand, id mine-1']);
  const refused = ways().find(({ event }) => event === 'by hand');
  expect(refused!.end).toBe(cloud === 'aws' ? 'rejected' : 'dead letter');
});
