import type { Change, DataFate, Fate } from '../shared/read/changes';
import type { StackChanges } from './against';

/** GitHub takes 65,536 characters as one comment. Some are left for a mark before it. */
const LONGEST = 65_000;

/** How loud a verdict is, from the loudest on: as GitHub calls its alerts. */
const ALERTS = ['CAUTION', 'WARNING', 'NOTE'] as const;

interface Verdict {
  readonly alert: (typeof ALERTS)[number];
  readonly sentence: string;
}

const OF_DATA: Readonly<Record<DataFate, (count: number) => string>> = {
  lost: (count) =>
    `Data is lost: ${count} ${count === 1 ? 'resource that holds' : 'resources that hold'} data would be deleted, replaced or cut.`,
  protected: (count) =>
    `The deploy is refused: it would replace or delete ${count} protected ${count === 1 ? 'resource that holds' : 'resources that hold'} data.`,
  'left behind': (count) =>
    `Data is left behind: ${count} ${count === 1 ? 'resource that holds' : 'resources that hold'} data would leave the stack, and ${count === 1 ? 'stays' : 'stay'} in the account with nothing to manage ${count === 1 ? 'it' : 'them'}.`,
};

/** Whether somebody must look twice: data would not stay as it is. */
export function touchesData({ changes }: StackChanges): boolean {
  return changes.some(({ data }) => data !== undefined);
}

/** The one sentence that a reviewer reads. */
export function verdictOf({ isNew, counts: { data, ...counts } }: StackChanges): Verdict {
  if (isNew) return { alert: 'NOTE', sentence: 'The stack is new: nothing is replaced or deleted.' };
  const worst = (['lost', 'protected', 'left behind'] as const).find((fate) => data[fate] > 0);
  if (worst) return { alert: worst === 'lost' ? 'CAUTION' : 'WARNING', sentence: OF_DATA[worst](data[worst]) };
  const gone = listed({ replaced: counts.replaced, deleted: counts.deleted, 'perhaps replaced': counts['may be replaced'] });
  const rest = listed({ changed: counts.changed, created: counts.created });
  if (gone !== '') return { alert: 'NOTE', sentence: `No data is touched: ${gone}${rest === '' ? '' : `; ${rest}`}.` };
  return { alert: 'NOTE', sentence: rest === '' ? 'Nothing changes.' : `Nothing is replaced or deleted: ${rest}.` };
}

/** What would change, as text for a terminal. */
export function renderChanges(stacks: readonly StackChanges[]): string {
  return stacks.map((one) => [`\n${one.stack} against ${named(one)}\n`, ...bodyOf(one)].join('\n')).join('\n');
}

function bodyOf(one: StackChanges): string[] {
  const rows = table(one.changes.filter(isWorthARow));
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    `  ${verdictOf(one).sentence}`,
    ...one.notes.map((note) => `  Note: ${note}`),
    ...(rows.length > 0
      ? ['', ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())]
      : []),
    ...sectionsOf(one).flatMap(({ title, lines }) => ['', `  ${title}`, ...lines.map((line) => `  ${line}`)]),
  ];
}

/** What would change, as a comment on a pull request, which GitHub takes whole. */
export function renderMarkdown(stacks: readonly StackChanges[]): string {
  for (const most of [Number.POSITIVE_INFINITY, 200, 50, 10]) {
    const text = markdown(stacks, most);
    if (text.length <= LONGEST) return text;
  }
  return markdown(stacks, 0).slice(0, LONGEST);
}

function markdown(stacks: readonly StackChanges[], most: number): string {
  const verdicts = stacks.map((one) => ({ ...verdictOf(one), one }));
  const alert = ALERTS.find((loud) => verdicts.some((verdict) => verdict.alert === loud)) ?? 'NOTE';
  const first = stacks[0];
  const compared = first && `Compared with ${named(first)}. No cloud was asked: what somebody changed by hand is not seen.`;
  return [
    `> [!${alert}]`,
    ...verdicts.map(({ sentence, one }) => `> **${one.stack}**: ${sentence}`),
    ...(first?.notes ?? []).map((note) => `>\n> ${note}`),
    '',
    ...stacks.flatMap((one) => markdownOf(one, most)),
    ...(compared ? [`<sub>${compared}</sub>`, ''] : []),
  ].join('\n');
}

function markdownOf(one: StackChanges, most: number): string[] {
  const rows = table(one.changes.filter(isWorthARow));
  const cut = Math.max(most, 20);
  return [
    ...(rows.length > 0
      ? [
          `| ${one.stack} | What happens | Its data | Because of |`,
          '|---|---|---|---|',
          ...rows
            .slice(0, cut)
            .map(([name, fate, data, because]) => `| ${[name, fate, data === '' ? '' : `**${data}**`, because].map(cell).join(' | ')} |`),
          ...more(rows.length - cut, 'rows'),
          '',
        ]
      : []),
    ...sectionsOf(one).flatMap(({ title, lines }) => {
      const fence = lines.some((line) => line.includes('```')) ? '````' : '```';
      return [
        `<details><summary>${one.stack}: ${title}</summary>`,
        '',
        `${fence}diff`,
        ...lines.slice(0, most),
        ...more(lines.length - most, 'lines'),
        fence,
        '',
        '</details>',
        '',
      ];
    }),
  ];
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`… ${count} more ${what}: npm start -- --against shows them`] : [];
}

function sectionsOf({ flow, access, settings }: StackChanges) {
  const set = settings.map(({ what, where }) => `! ${what}  (${where.length > 3 ? `${where.length} resources` : where.join(', ')})`);
  return [
    { title: `the path of an event: ${counted(flow.length, 'line')} of the diff`, lines: flow },
    { title: `who may do what: ${counted(access.length, 'line')} of the diff`, lines: access },
    { title: `settings: ${counted(set.length, 'change')}`, lines: set },
  ].filter(({ lines }) => lines.length > 0);
}

/** What changes in place or is created is only counted, unless it loses data. */
function isWorthARow({ fate, data }: Change): boolean {
  return data !== undefined || (fate !== 'changed' && fate !== 'created');
}

const DATA_WORDS: Readonly<Record<DataFate, string>> = {
  lost: 'LOST',
  protected: 'kept: the deploy is refused',
  'left behind': 'left behind',
};

function table(changes: readonly Change[]): [name: string, fate: Fate, data: string, because: string][] {
  return changes.map(({ name, type, fate, data, because }) => [
    `${name} (${type})`,
    fate,
    data ? DATA_WORDS[data] : '',
    because.join(', '),
  ]);
}

function cell(text: string): string {
  return text.replace(/[|<>]/g, (sign) => `\\${sign}`).replace(/\s+/g, ' ');
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function named({ against, commit }: StackChanges): string {
  const short = commit.slice(0, 12);
  return commit.startsWith(against) ? short : `${against} (${short})`;
}
