import path from 'node:path';
import { parseArgs } from 'node:util';
import { catalogOf, Misunderstood, pathsOf } from './choice';
import { compare } from './compare';
import { copy } from './copy';
import { listOf, renderCopy, renderDiff, renderUpdate } from './page';
import { update } from './update';

const HELP = `Copies constructs into your project, with everything that they import, and updates them later.

Usage: npm run copy -- NAME ... FOLDER [--into FOLDER] [--dry-run] [--json]
       npm run copy -- --diff FOLDER
       npm run copy -- --update FOLDER [--dry-run]
       npm run copy -- --list

  NAME        the path of what to copy, as --list prints it: a service (CLOUD/STAGE/SERVICE), a handler (CLOUD/handlers/HANDLER) or a
              whole platform (aws/architectures/pipeline). With a processor, the handlers for the other named services are copied too
  FOLDER      the folder of your project
  --into      the folder within the project to copy into, such as src/platform; by default the project folder itself
  --dry-run   print what would be done, and write nothing
  --diff      show what changed in this repository and in your project since the copy
  --update    merge the changes of this repository into your project, and mark conflicts
  --list      show every NAME
  --json      print everything as JSON: npm run --silent copy -- ... --json
  --help      print this text

Only TypeScript and the data of handlers are copied. .blueprints.json in the project records the commit that the files come from.
A file that you changed is not overwritten.

Exit codes: 0 done, 1 refused, or there are conflicts, 2 invalid command line.`;

const ROOT = path.join(__dirname, '../..');

/** What a command needs to run. */
export interface Means {
  print(text: string): void;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  /** @default - this repository */
  readonly root?: string;
}

/**
 * Run a command.
 * @returns its exit code
 * @throws Misunderstood, or an Error with one line for each problem
 */
export async function copyCommand(args: readonly string[], { print, cwd, root = ROOT }: Means): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      into: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      diff: { type: 'boolean', default: false },
      update: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { json, into, 'dry-run': isDry } = values;
  if (values.help) {
    print(HELP);
    return 0;
  }
  if (values.list) {
    const catalog = catalogOf(root);
    print(json ? JSON.stringify(catalog, null, 2) : pathsOf(catalog).join('\n'));
    return 0;
  }
  const folder = positionals.at(-1);
  const words = positionals.slice(0, -1);
  const isOfCopy = values.diff || values.update;
  if (values.diff && values.update) throw new Misunderstood('--diff and --update exclude each other.');
  if (isOfCopy && (folder === undefined || words.length > 0 || into !== undefined)) {
    throw new Misunderstood('--diff and --update take only the folder of a project.');
  }
  if (folder === undefined || (words.length === 0 && !isOfCopy)) {
    throw new Misunderstood('Give the name of what to copy, and the folder of your project.');
  }
  const project = path.resolve(cwd, folder);
  if (values.diff) {
    const comparison = compare(project, root);
    print(json ? JSON.stringify(listOf(comparison), null, 2) : renderDiff(comparison, folder));
    return 0;
  }
  if (values.update) {
    const updated = update(project, root, isDry);
    print(json ? JSON.stringify(updated, null, 2) : renderUpdate(updated, folder, isDry));
    return updated.steps.some(({ what }) => what === 'conflict') ? 1 : 0;
  }
  const copied = copy({ words, project, into }, root, isDry);
  print(json ? JSON.stringify(copied, null, 2) : renderCopy(copied, folder, isDry));
  return 0;
}
