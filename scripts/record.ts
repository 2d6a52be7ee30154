import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Balance } from '../local/balance';
import type { Counts, Message } from '../local/story';
import { many, number } from '../local/text';
import { type Cloud, TITLES } from '../shared/synth/blueprints';

// Records a run of all three clouds, and writes docs/local-run.svg: what each stage has done, step by step, and the balance in the end.

const STEPS = 24;
const STEP_SECONDS = 0.35;
/** How long the balance stays, before the picture starts again. */
const REST_SECONDS = 5;

const WIDTH = 800;
const MARGIN = 20;
const COLUMNS = ['Connect', 'Buffer', 'Processing', 'Store'];
const COLUMN = 176;
const FIRST_COLUMN = 88;
const BOX = { width: 164, height: 66, padding: 10 };
const HEADER = 78;
const LANE = 112;
const CHARACTERS = 104;

/** Text at a place, in a style. */
type Words = readonly [x: number, y: number, style: string, text: string];

/** The run of one cloud: the service of each stage, and what was said when. */
interface Run {
  readonly cloud: Cloud;
  readonly services: ReadonlyMap<string, string>;
  readonly said: { readonly at: number; readonly message: Message }[];
}

async function record(): Promise<Run[]> {
  const runs: Run[] = [];
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/main.ts', '--once', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { cloud, ...message } = JSON.parse(line) as Message & { cloud: Cloud };
    if (message.kind === 'stages') runs.push({ cloud, services: new Map(message.stages.map((one) => [one.stage, one.service])), said: [] });
    else runs.at(-1)!.said.push({ at: Date.now(), message });
  }
  return runs;
}

/** What one lane says at each step, from the first event to the balance. Every run takes as long here, however long it took. */
function stepsOf({ said }: Run, lane: number): Words[][] {
  const [start, end] = [said.find(({ message }) => message.kind === 'up')!.at, said.find(({ message }) => message.kind === 'end')!.at];
  const none: Counts = { sent: 0, rejected: 0, buffered: 0, deliveries: 0, dropped: 0, stored: 0, deadLettered: 0 };
  const bottom = HEADER + lane * LANE + BOX.height + 19;
  const at = (step: number) => start + ((end - start) * step) / STEPS;
  const steps = Array.from({ length: STEPS }, (_, step): Words[] => {
    const until = said.filter((one) => one.at <= at(step)).map(({ message }) => message);
    const counts = until.findLast((message) => message.kind === 'counts')?.counts ?? none;
    const latest = said.flatMap((one) => (one.at > at(step - 1) && one.at <= at(step) && one.message.kind === 'way' ? [one.message] : []));
    // Most events are stored. Those that are not are more to see.
    const way = (step % 2 === 0 ? latest.find((one) => one.end !== 'stored') : undefined) ?? latest.at(-1);
    return [
      ...countsOf(counts, lane),
      [MARGIN, bottom, way && way.end !== 'stored' ? 'mono warm' : 'mono soft', way ? told(way) : 'up, with the bundled handler'],
    ];
  });
  const { balance } = said.map(({ message }) => message).find((message) => message.kind === 'end')!;
  const counts = said.map(({ message }) => message).findLast((message) => message.kind === 'counts')!.counts;
  // What was written twice counts once in the end.
  const settled = { ...counts, stored: balance.stored, deadLettered: sum(balance.deadLettered) };
  return [...steps, [...countsOf(settled, lane), ...balanceOf(balance, bottom)]];
}

function countsOf({ sent, rejected, buffered, deliveries, dropped, stored, deadLettered }: Counts, lane: number): Words[] {
  const lines = [
    [`${number(sent)} sent`, rejected > 0 ? `${number(rejected)} refused` : ''],
    [`${number(buffered)} waiting`, ''],
    [many(deliveries, 'call'), dropped > 0 ? `${number(dropped)} dropped` : ''],
    [`${number(stored)} stored`, deadLettered > 0 ? many(deadLettered, 'dead letter') : ''],
  ];
  const y = HEADER + lane * LANE;
  return lines.flatMap(([first, second], column): Words[] => {
    const x = FIRST_COLUMN + column * COLUMN + BOX.padding;
    return [
      [x, y + 41, 'mono', first!],
      [x, y + 57, 'mono warm', second!],
    ];
  });
}

function balanceOf({ sent, stored, dropped, deadLettered, rejected, faults }: Balance, y: number): Words[] {
  const parts = [
    `${number(stored)} in the store`,
    `${number(sum(deadLettered))} in the dead letter`,
    ...(sum(rejected) > 0 ? [`${number(sum(rejected))} refused with a reason`] : []),
    ...(dropped > 0 ? [`${number(dropped)} dropped by the transform`] : []),
  ];
  return [
    [MARGIN, y, 'bold', `${number(sent)} sent = ${parts.join(' + ')}`],
    [WIDTH - MARGIN, y, faults.length === 0 ? 'bold good end' : 'bold warm end', faults.length === 0 ? '0 lost' : faults[0]!],
  ];
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function told({ number: which, event, way, end }: Extract<Message, { kind: 'way' }>): string {
  const last = { stored: 'stored in ', rejected: '', dropped: '', 'dead letter': 'dead letter: ' }[end] + way.at(-1);
  const line = `#${which} ${event} > ${last}`.replace(/\d{13,}/g, (digits) => `…${digits.slice(-6)}`);
  return line.length > CHARACTERS ? `${line.slice(0, CHARACTERS - 1)}…` : line;
}

/** The frames stand one below the other and move past a window. Where nothing moves, the balance is seen. */
function draw(runs: readonly Run[]): string {
  const height = HEADER + runs.length * LANE + 4;
  const lanes = runs.map(stepsOf);
  const frames = Array.from({ length: STEPS + 1 }, (_, step) => lanes.flatMap((steps) => steps[step]!));
  const total = STEPS * STEP_SECONDS + REST_SECONDS;
  const moves = frames.map((_, step) => {
    const at = ((step * STEP_SECONDS) / total) * 100;
    return `${at.toFixed(2)}%{transform:translateY(${step === STEPS ? 0 : -(step + 1) * height}px)}`;
  });
  const still: Words[] = [
    [MARGIN, 30, 'bold mono', '$ npm run local -- --once'],
    [WIDTH - MARGIN, 30, 'soft end', 'the synthesized templates, run on one machine, without an account'],
    ...COLUMNS.map((stage, column): Words => [FIRST_COLUMN + column * COLUMN, 62, 'soft', stage]),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
<title>Events on their way through the three pipelines, and the balance of each in the end</title>
<style>
.page{fill:#fff;stroke:#d0d7de}.box{fill:#f6f8fa;stroke:#d0d7de}.line{stroke:#818b98;fill:none}.tip{fill:#818b98}
text{fill:#1f2328;white-space:pre}.soft{fill:#59636e}.warm{fill:#bc4c00}.good{fill:#1a7f37}
.bold,.name{font-weight:600}.name{font-size:12.5px}.end{text-anchor:end}.mono{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12px}
@media(prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#3d444d}.box{fill:#151b23;stroke:#3d444d}.line{stroke:#9198a1}.tip{fill:#9198a1}
text{fill:#f0f6fc}.soft{fill:#9198a1}.warm{fill:#f0883e}.good{fill:#3fb950}}
.strip{animation:play ${total.toFixed(1)}s step-end infinite}@media(prefers-reduced-motion:reduce){.strip{animation:none}}
@keyframes play{${moves.join('')}}
</style>
<rect class="page" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>
${still.map((words) => drawn(words)).join('')}
${runs.map(laneOf).join('\n')}
<g class="strip">
${[frames.at(-1)!, ...frames.slice(0, -1)].map((words, index) => words.map((one) => drawn(one, index * height)).join('')).join('\n')}
</g>
</svg>
`;
}

/** What of a lane stands still. Where nothing stands in front of the buffer, clients send to it. */
function laneOf({ cloud, services }: Run, lane: number): string {
  const y = HEADER + lane * LANE;
  const boxes = COLUMNS.map((stage, column) => {
    const x = FIRST_COLUMN + column * COLUMN;
    const arrow = `<path class="line" d="M${x - COLUMN + BOX.width + 2} ${y + BOX.height / 2}H${x - 2}" marker-end="url(#tip)"/>`;
    const box = `<rect class="box" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/>`;
    return `${column === 0 ? '' : arrow}${box}${drawn([x + BOX.padding, y + 22, 'name', services.get(stage) ?? 'client'])}`;
  });
  return drawn([MARGIN, y + BOX.height / 2 + 5, 'bold', TITLES[cloud]]) + boxes.join('');
}

function drawn([x, y, style, text]: Words, down = 0): string {
  if (text === '') return '';
  const escaped = text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
  return `<text x="${x}" y="${y + down}" class="${style}">${escaped}</text>`;
}

void record().then((runs) => writeFileSync(path.join(__dirname, '../docs/local-run.svg'), draw(runs)));
