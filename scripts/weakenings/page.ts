import { AWS } from '../judges/aws/rules';
import { ALERTS } from '../judges/terraform/alert-rules';
import { AZURE } from '../judges/terraform/azure-rules';
import { DATA } from '../judges/terraform/data-rules';
import { GCP } from '../judges/terraform/gcp-rules';
import { type Objection, type Subject, subjects } from './catch';

const TITLES: Readonly<Record<string, string>> = { aws: 'AWS', azure: 'Azure', gcp: 'GCP' };

const INTRODUCTION = `# Weakenings

Each line makes the template of a pipeline worse in one way, and names who objects. The change is made to what was synthesized, and the judges
are asked for real. Snapshots object to all of them, so they are not counted; checkov, cfn-lint and cdk-nag are not asked here.
A weakening to which nobody objects fails the tests, and so does a rule that objects to none. This page is generated.`;

/** What makes each pipeline worse, and who objects: \`docs/weakenings.md\`. */
export async function weakeningsPage(): Promise<string> {
  const parts = [INTRODUCTION];
  for (const subject of subjects()) parts.push(await tableOf(subject));
  parts.push(`## What the rules hold\n\n${rules()}`);
  return `${parts.join('\n\n')}\n`;
}

async function tableOf({ stack, weakenings, objections }: Subject): Promise<string> {
  const rows: string[] = [];
  for (const { name, edit } of weakenings) rows.push(`| ${name} | ${names(await objections(edit)) || '**nobody**'} |`);
  return [`## ${TITLES[stack.split('-')[0]!]}`, '', '| What is worse | Who objects |', '|---|---|', ...rows].join('\n');
}

/** Each judge with the rules that it names, once. */
function names(objections: readonly Objection[]): string {
  const judges = [...new Set(objections.map(({ judge }) => judge))];
  const rulesOf = (judge: string) => [...new Set(objections.filter((one) => one.judge === judge).map(({ rule }) => `\`${rule}\``))].sort();
  return judges.map((judge) => `${judge}: ${rulesOf(judge).join(', ')}`).join('; ');
}

function rules(): string {
  const rows = [...AWS, ...AZURE, ...GCP, ...DATA, ...ALERTS].flatMap(({ id, types, must }) =>
    types.map((type) => ({ type, row: `| \`${type}\` | must ${must} | \`${id}\` |` })),
  );
  const sorted = rows.sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0)).map(({ row }) => row);
  return ['| | | Rule |', '|---|---|---|', ...sorted].join('\n');
}
