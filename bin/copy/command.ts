import path from 'node:path';
import { parseArgs } from 'node:util';
import { catalogOf } from './choice';
import { type Copied, copy, InTheWay } from './copy';

const HELP = `Copies constructs into a project of yours, with all that they import, and keeps them up to date.

Usage: npm run copy -- NAME ... FOLDER [--into FOLDER] [--dry-run] [--json]
       npm run copy -- --diff FOLDER
       npm run copy -- --update FOLDER [--dry-run]
       npm run copy -- --list

  NAME        what to copy, by its path: a service such as aws/buffer/kinesis, a handler such as aws/handlers/kinesis-to-s3,
              a whole platform such as aws/architectures/pipeline. A processor brings the handlers that fit what is named beside it
  FOLDER      the folder of your project
  --into      the folder within the project to copy into, such as src/platform; the project itself where it is left out
  --dry-run   say what would be done, and write nothing
  --diff      show what was changed here and there since the copy was made
  --update    merge what was changed here into the project, and mark conflicts
  --list      show every NAME
  --json      print everything as JSON: npm run --silent copy -- ... --json
  --help      print this text

Only TypeScript and the data of handlers are copied. .blueprints.json in the project says which commit each file comes from.
Nothing that was changed in the project is overwritten.

Exit codes: 0 done, 1 refused, or conflicts are left, 2 the command is not understood.`;

const ROOT = path.join(__dirname, '../..');

/** What a command is run with. */
export interface Means {
  print(text: string): void;
  /** The folder that paths are read from. */
  readonly cwd: string;
  /** @default - this repository */
  readonly root?: string;
}

/**
 * Run a command.
 * @returns its exit code
 * @throws Error in one line for each fault
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
    print(json ? JSON.stringify(catalog, null, 2) : Object.values(catalog).flat().join('\n'));
    return 0;
  }
  const words = positionals.slice(0, -1);
  const folder = positionals.at(-1);
  if (folder === undefined || words.length === 0) throw new Misunderstood('What to copy and the folder of a project must be named.');
  const copied = copy({ words, project: path.resolve(cwd, folder), into }, root, isDry);
  print(json ? JSON.stringify(copied, null, 2) : renderCopy(copied, folder, isDry).join('\n'));
  return 0;
}

/** The command line is wrong. */
export class Misunderstood extends Error {}

function renderCopy({ files, written, same, kept, install, uses, into }: Copied, folder: string, isDry: boolean): string[] {
  const place = path.posix.join(folder, into);
  return [
    `${isDry ? 'Would copy' : 'Copied'} ${written.length} of ${files.length} files to ${place}${same.length > 0 ? `; ${same.length} are there already` : ''}.`,
    ...(isDry ? written.map((file) => `  ${file}`) : []),
    ...kept.map((file) => `  ${file} stays as you changed it.`),
    '',
    ...(install.length > 0 ? ['To install, in your project:', ...install.map((line) => `  ${line}`)] : ['Nothing to install.']),
    ...uses.flatMap(({ lines, file, hints, cloud }) => [
      ...(lines.length > 0 ? ['', `To use it, in ${file}:`, ...lines.map(indented)] : []),
      ...(lines.some((line) => line.startsWith('const site = ')) ? ['', SITE[cloud]] : []),
      ...hints.map((hint) => `\n${hint}`),
    ]),
  ];
}

function indented(line: string): string {
  return line.replace(/^(?=.)/gm, '  ');
}

const SITE: Readonly<Record<string, string>> = {
  azure: 'site: the resource group, the region and the start of every name. A change of prefix or location replaces everything.',
  gcp: 'site: the project, the region and the start of every name. It switches on the APIs that are needed. A change of any replaces everything.',
};

export { InTheWay };
