/** Counts what a service costs outside of its own folders. `npm run cost-of -- aws/buffer/kinesis`, or `-- --all`. */
import { parseArgs } from 'node:util';
import { exitWith } from '../bin/one-line';
import { type Cost, costOf, PARTS, servicesOf, unaccepted } from './cost/service';

const HELP = `Counts the hand-written lines that a service costs: in its own folders, in what runs in the cloud and here, and where else it is named.

Usage: npm run cost-of -- SERVICE ... | --all [--help]

  SERVICE   the folder of a service, such as aws/buffer/kinesis
  --all     every service
  --help    print this text

A line names a service when it holds the name of a class or a resource type of it, or a path into its folders. Comments, what is
generated, documentation and snapshots are not counted. A platform may name its services. Tests of neighbours, and of what reads all
services, may take any as their sample. No other code may, but what scripts/cost/accepted.json lists with its reason.

Exit codes: 0 no other code names it, 1 some does, 2 the command is not understood.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const known = servicesOf();
  const unknown = positionals.find((service) => !known.includes(service));
  if (unknown !== undefined || (positionals.length === 0 && !values.all)) {
    console.error(
      `${unknown === undefined ? 'No service is named' : `${JSON.stringify(unknown)} is no service`}. There are ${known.join(', ')}.`,
    );
    return 2;
  }
  const costs = (values.all ? known : positionals).map((service) => costOf(service));
  console.log(table(costs));
  const over = costs.flatMap(unaccepted);
  for (const line of over) console.error(line);
  return over.length === 0 ? 0 : 1;
}

/** Lines of each part, and beside the last one the number of its files. */
function table(costs: readonly Cost[]): string {
  const rows = [
    ['service', ...PARTS],
    ...costs.map(({ service, parts }) => [
      service,
      ...PARTS.map((part) => {
        const { lines, files } = parts[part];
        return part === 'other code' ? `${lines} in ${files.length}` : String(lines);
      }),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '))
    .join('\n');
}

void exitWith(main);
