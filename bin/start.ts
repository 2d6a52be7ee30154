import { readCommand } from './command';
import { showList } from './list';
import { orOneLine } from './one-line';
import { show } from './show';
import { showCosts } from './show-costs';
import { wantedBy } from './wanted';

const HELP = `Synthesizes a blueprint and shows what it creates, who may do what, and how to deploy it. The minimal pipelines, where none is named.

Usage: npm start [-- [CLOUD ...] [NAME] [--environment NAME] [--against REF [--markdown]] [--picture FILE]
                   [--cost [--events RATE] [--size SIZE]] [--list] [--json] [--help]]

  CLOUD               aws, azure or gcp; each that has the blueprint where none is named
  NAME                what to build; -c blueprint=NAME says the same
  --environment NAME  with the settings of environments/NAME.ts, and what differs from the other environments
  --against REF       what a deploy would replace, delete and change, had it last been done from REF: a branch, a tag, a commit
  --markdown          the same as a comment on a pull request
  --cost              what it costs: idle, for a million events, and a month, by resource; and what lowers it
  --events RATE       how many events come: 1000/s, 2/min, 5M/day; 1000/s where --cost stands alone
  --size SIZE         how large an event is: 200B, 1kB, 256kB; 1kB where --cost stands alone
  --picture FILE      draw it too, as an SVG
  --list              show every blueprint, and build none
  --json              print everything as JSON, for machines: npm start --silent -- --json
  --help              print this text

Environment:
  BLUEPRINT     what to build, where the command does not name it
  ENVIRONMENT   the environment, where the command does not name it
  REMOVAL       retain (as it is without), or destroy: delete the data with its stack
  DESTROY_DATA  yes: the second key that destroy takes

Exit codes: 0 done, 1 a setting is refused, 2 the command is not understood, 3 with --against, data would not stay as it is.`;

/** Does what the command line says. */
export function start(args: readonly string[], environment: NodeJS.ProcessEnv) {
  const command = readCommand(args);
  if (!command) return;
  const { against, rate, list, help } = command;
  if (help) return console.log(HELP);
  if (list) return showList(command);
  process.env.CDK_VALIDATION ??= 'false';
  const wanted = wantedBy(command, environment);
  if (rate) return showCosts(wanted, rate, command);
  if (against === undefined) return show(wanted, command);
  // It takes time to load.
  const { showChanges }: typeof import('./show-changes') = require('./show-changes');
  showChanges(wanted, against, command);
}

if (require.main === module) orOneLine(() => start(process.argv.slice(2), process.env));
