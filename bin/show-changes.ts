import { changesAgainst } from './against';
import { renderChanges, renderMarkdown, touchesData } from './against-page';
import type { Command } from './command';
import { stacksOf } from './show';
import { timed, type Wanted } from './wanted';

/** `npm start -- --against REF`: what a deploy would do, had it last been done from REF. The exit code is 3 if data would not stay as it is. */
export function showChanges(wanted: Wanted, against: string, { json, markdown }: Pick<Command, 'json' | 'markdown'>) {
  const { clouds, env } = wanted;
  const shown = stacksOf(wanted, true);
  const stacks = timed(clouds, () => changesAgainst(against, env, clouds, shown), ` of ${against}`);
  console.log(json ? JSON.stringify(stacks, null, 2) : (markdown ? renderMarkdown : renderChanges)(stacks));
  if (stacks.some(touchesData)) process.exitCode = 3;
}
