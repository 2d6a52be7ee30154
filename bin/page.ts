import { styleText } from 'node:util';
import type { Difference } from '../shared/read/differences';
import { type Picture, renderAccess, renderFlow, STAGES } from '../shared/read/picture';

/** A synthesized stack, as `npm start` prints it. */
export interface Shown extends Picture {
  readonly stack: string;
  /** The template, by its path from the root. */
  readonly template: string;
  /** The commands that deploy it. */
  readonly deploy: readonly string[];
  /** The differences from each other environment, by its name. */
  readonly differs: Readonly<Record<string, readonly Difference[]>>;
}

/** What a stack creates, who may do what in it, and how to deploy it, as text. */
export function renderPage({ stack, template, deploy, resources, flow, access, differs }: Shown): string {
  const present = STAGES.filter((stage) => resources.some((resource) => resource.stage === stage));
  const column = Math.max(...present.map(({ length }) => length), 'around'.length) + 2;
  const stages = present.flatMap((stage) => {
    const notes = flow.find(({ to }) => to === stage)?.notes;
    const made = wrap(count(resources.filter((resource) => resource.stage === stage)));
    return [notes, ...made].filter(Boolean).map((line, index) => `  ${(index === 0 ? stage : '').padEnd(column)}${line}`);
  });
  const within = access.filter(({ identity }) => ['client', 'Site', ...STAGES].some((stage) => identity.startsWith(stage)));
  const around = resources.filter(({ stage }) => !STAGES.includes(stage));
  return [
    `\n${bold(stack)}, ${resources.length} resources in ${template}\n`,
    ...stages,
    ...(around.length > 0 ? wrap(count(around)) : []).map((line, index) => `  ${(index === 0 ? 'around' : '').padEnd(column)}${line}`),
    '',
    ...(flow.length > 0 ? [indent(renderFlow(flow.map((hop) => ({ ...hop, notes: '' }))))] : []),
    ...(within.length > 0 ? [indent(renderAccess(within))] : []),
    ...Object.entries(differs).map(renderDifferences),
    `  deploy   ${deploy.join(`\n${' '.repeat(11)}`)}`,
  ].join('\n');
}

function renderDifferences([environment, found]: readonly [string, readonly Difference[]]): string {
  const lines = found.map(
    ({ what, where }) => `    ${what.padEnd(50)} ${where.length > 3 ? `${where.length} resources` : where.join(', ')}`,
  );
  return [`  differs from ${environment}${found.length > 0 ? '' : ' in nothing'}`, ...lines, ''].join('\n');
}

/** `2 S3 Bucket, S3 BucketPolicy` */
function count(resources: Picture['resources']): string {
  const counts = new Map<string, number>();
  for (const { type } of resources) {
    const short = type.replace(/^(AWS::|google_|azurerm_)/, '').replace(/::|_/g, ' ');
    counts.set(short, (counts.get(short) ?? 0) + 1);
  }
  return [...counts].map(([type, number]) => (number > 1 ? `${number} ${type}` : type)).join(', ');
}

function wrap(list: string): string[] {
  const lines: string[] = [];
  for (const part of list.split(', ')) {
    if (lines.length > 0 && lines.at(-1)!.length + part.length < 96) lines.push(`${lines.pop()}, ${part}`);
    else lines.push(part);
  }
  return lines;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function bold(text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText('bold', text) : text;
}
