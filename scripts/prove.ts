/** Runs every check of the templates. `npm run prove -- --write` writes docs/proof.md; without it, the page must be up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { exitWith } from '../bin/one-line';
import { findBlueprints } from '../shared/synth/blueprints';
import { type Judge, Unavailable } from './judges/judge';
import { type Outcome, passes, proofPage, table, unexplained, withUnseen } from './proof';

const HELP = `Runs every check of the templates, and prints the findings.

Usage: npm run prove [-- [NAME ...] [--write] [--help]]

  NAME      only the checks whose name contains this, such as checkov; docs/proof.md is not compared then
  --write   write docs/proof.md; without it, the page must be up to date
  --help    print this text

Exit codes: 0 every finding has a reason, 1 a finding has none, or a tool is missing, 2 invalid command line.`;

const PAGE = path.join(__dirname, '../docs/proof.md');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { write: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { JUDGES, UNPROVEN }: typeof import('./judges/all') = require('./judges/all');
  const chosen = JUDGES.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)));
  if (chosen.length === 0) {
    console.error(`No judge is called ${positionals.join(' or ')}. There are ${JUDGES.map(({ name }) => name).join(', ')}.`);
    return 2;
  }

  const outcomes = await askAll(chosen);
  console.log(`\n${table(outcomes)}`);
  for (const line of unexplained(outcomes)) console.error(line);
  const missing = outcomes.filter(({ judge, unavailable }) => unavailable !== undefined && !judge.online);
  for (const { judge, unavailable } of missing) console.error(`${judge.name} was not asked, which is no pass: ${unavailable}`);
  const isWhole = positionals.length === 0 && missing.length === 0;
  const isCurrent = !isWhole || settlePage(proofPage(outcomes, UNPROVEN), values.write);
  return outcomes.every(passes) && isCurrent ? 0 : 1;
}

/** Write the page, or hold it against what the judges say. */
function settlePage(page: string, write: boolean): boolean {
  if (write) {
    writeFileSync(PAGE, page);
    console.log('\nwrote docs/proof.md');
    return true;
  }
  const [before, now] = [readFileSync(PAGE, 'utf8'), page].map((text) => text.split('\n'));
  const line = now!.findIndex((text, index) => text !== before![index]);
  if (line === -1 && before!.length === now!.length) return true;
  console.error(`docs/proof.md is out of date, first in line ${line + 1}. Run npm run prove -- --write, and read the difference.`);
  console.error(`- ${before![line] ?? ''}\n+ ${now![line] ?? ''}`);
  return false;
}

/** Several at the same time, the last ones of the list first, since they take longest: most of them wait for a process. */
async function askAll(judges: readonly Judge[]): Promise<Outcome[]> {
  const outcomes = new Map<Judge, Outcome>();
  const waiting = [...judges];
  const work = async () => {
    for (let judge = waiting.pop(); judge; judge = waiting.pop()) outcomes.set(judge, await ask(judge));
  };
  process.stderr.write(`${judges.length} checks, several at the same time. Each is named when it is done.\n`);
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  return judges.map((judge) => outcomes.get(judge)!);
}

async function ask(judge: Judge): Promise<Outcome> {
  const start = performance.now();
  try {
    return { judge, verdicts: withUnseen(judge, await judge.run(), findBlueprints()) };
  } catch (error) {
    if (error instanceof Unavailable) return { judge, verdicts: [], unavailable: error.message };
    throw error;
  } finally {
    process.stderr.write(`${judge.name} ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

void exitWith(main);
