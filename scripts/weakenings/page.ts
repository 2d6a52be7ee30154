import { ROLES } from '../../shared/read/facts/types';
import { ASKED } from '../judges/promises';
import { type Objection, type Subject, subjects, weakeningsOf } from './catch';
import type { Weakening } from './draft';

const INTRODUCTION = `# Weakenings

Each line is a change that makes a template less secure or less reliable, and the check that finds it. \`facts.ts\` of each service lists what its resource types
promise, and the changes that break each promise. In addition, each permission is widened and removed. The change is made in the synthesized template, in the
first blueprint that has such a resource. Then the checks run until one finds it: the rules of this project, least privilege, the references of Terraform.
Snapshots find all of them and are not counted. checkov, cfn-lint and cdk-nag are not run here. A change that no check finds fails the tests.
This page is generated.`;

/** The page \`docs/weakenings.md\`: the weakenings of each service, and the check that finds each. */
export async function weakeningsPage(): Promise<string> {
  const rows = new Map<string, string[]>();
  for (const [subject, weakenings] of weakeningsOf(subjects())) {
    for (const weakening of weakenings) {
      const table = rows.get(weakening.folder) ?? [];
      rows.set(weakening.folder, table);
      table.push(await rowOf(subject, weakening));
    }
  }
  const count = [...rows.values()].flat().length;
  const tables = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([folder, table]) => section(folder, table));
  return `${[INTRODUCTION, `${count} weakenings, all found.`, ...tables, asked()].join('\n\n')}\n`;
}

function section(folder: string, rows: readonly string[]): string {
  return [`## ${folder}`, '', '| Resource | Change | Found by |', '|---|---|---|', ...rows].join('\n');
}

async function rowOf({ objections }: Subject, weakening: Weakening): Promise<string> {
  return `| ${weakening.of} | ${weakening.name.replaceAll('|', '\\|')} | ${names(await objections(weakening)) || '**nobody**'} |`;
}

/** Each judge with the rules that it names, once. */
function names(objections: readonly Objection[]): string {
  const judges = [...new Set(objections.map(({ judge }) => judge))];
  const rulesOf = (judge: string) => [...new Set(objections.filter((one) => one.judge === judge).map(({ rule }) => `\`${rule}\``))].sort();
  return judges.map((judge) => `${judge}: ${rulesOf(judge).join(', ')}`).join('; ');
}

function asked(): string {
  const rows = ROLES.filter((role) => ASKED[role].length > 0).map(
    (role) => `| ${role} | ${ASKED[role].map((rule) => `\`${rule}\``).join(', ')} |`,
  );
  return [
    '## The promises of each role',
    '',
    'A type with one of these roles makes each of these promises, or its `facts.ts` has the reason why not.',
    '',
    '| Role | Promises |',
    '|---|---|',
    ...rows,
  ].join('\n');
}
