import { ROLES } from '../../shared/read/facts/types';
import { ASKED } from '../judges/promises';
import { type Objection, type Subject, subjects, weakeningsOf } from './catch';
import type { Weakening } from './draft';

const INTRODUCTION = `# Weakenings

Each line makes a template worse in one way, and names who objects. What a type of resource promises stands in \`facts.ts\` of its service, with the ways to
break it; each grant is widened and taken away besides. The change is made to what was synthesized, in the first blueprint that has such a resource, and the
judges are asked for real: the rules of this project, then least privilege, then the references of Terraform, until one objects. Snapshots object to
all of them, so they are not counted; checkov, cfn-lint and cdk-nag are not asked here. A weakening to which nobody objects fails the tests.
This page is generated.`;

/** What makes each service worse, and who objects: \`docs/weakenings.md\`. */
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
  return `${[INTRODUCTION, `${count} weakenings, none unheard.`, ...tables, asked()].join('\n\n')}\n`;
}

function section(folder: string, rows: readonly string[]): string {
  return [`## ${folder}`, '', '| What | is worse | Who objects |', '|---|---|---|', ...rows].join('\n');
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
    '## What a role asks for',
    '',
    'A type with one of these roles promises each, or its facts say why not.',
    '',
    '| Role | Promises |',
    '|---|---|',
    ...rows,
  ].join('\n');
}
