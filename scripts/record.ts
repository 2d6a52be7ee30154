import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { liveView } from '../local/view';

// Records a run of all three clouds as a person sees it on a terminal, and writes docs/local-run.svg.

const COLUMNS = 128;
const ROWS = 26;
const CHARACTER = 7.3;
const ROW = 17;
const PADDING = 14;
/** Events go through faster than a person can follow. */
const SLOWER = 2.5;
/** A picture that changes more often is larger, and no clearer. */
const SHORTEST_MILLISECONDS = 400;
/** How long each balance is shown. */
const REST_SECONDS = 4;

/** What stood on the screen, and for how long. */
interface Frame {
  readonly lines: readonly string[];
  readonly seconds: number;
}

async function record(): Promise<Frame[]> {
  process.env.FORCE_COLOR = '1';
  const frames: { lines: readonly string[]; at: number; rest: number }[] = [];
  const printed: string[] = [];
  const show = (frame: string, rest = 0) => {
    const lines = [...printed, ...frame.split('\n')].slice(-ROWS);
    const last = frames.at(-1);
    const isSoon = !rest && last && !last.rest && Date.now() - last.at < SHORTEST_MILLISECONDS;
    if (!isSoon && lines.join() !== last?.lines.join()) frames.push({ lines, at: Date.now(), rest });
  };
  const view = liveView(
    (line) => printed.push(...line.split('\n')),
    (frame) => frame && show(frame),
  );
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/main.ts', '--once', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { cloud, ...message } = JSON.parse(line);
    // The list of properties is longer than a picture.
    if (message.kind === 'coverage') {
      printed.length = 0;
      printed.push(`$ npm run local -- ${cloud} --once`, '');
      continue;
    }
    view.show(cloud, message);
    if (message.kind === 'end') show('', REST_SECONDS);
  }
  return frames.map(({ lines, at, rest }, index) => ({ lines, seconds: rest || (((frames[index + 1]?.at ?? at) - at) / 1000) * SLOWER }));
}

/** A strip of frames, one below the other, that moves past a window. Where nothing moves, the last frame is seen. */
function draw(frames: readonly Frame[]): string {
  const [width, height] = [Math.ceil(COLUMNS * CHARACTER) + 2 * PADDING, ROWS * ROW + 2 * PADDING];
  const strip = [frames.at(-1)!, ...frames];
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  let at = 0;
  const steps = frames.map(({ seconds }, index) => {
    const step = `${((at / total) * 100).toFixed(2)}%{transform:translateY(${-(index + 1) * height}px)}`;
    at += seconds;
    return step;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">
<title>Events on their way through the three pipelines, on one machine</title>
<style>text{fill:#e6edf3;white-space:pre}.b{font-weight:700}.y{fill:#e3b341}.r{fill:#ff7b72}.n{fill:#8b949e}.strip{animation:play ${total.toFixed(1)}s step-end infinite}@keyframes play{${steps.join('')}}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g class="strip">
${strip.map(({ lines }, index) => lines.map((line, row) => text(line, index * height + PADDING + (row + 1) * ROW - 5)).join('')).join('\n')}
</g>
</svg>
`;
}

function text(line: string, y: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal is told of colours
  const plain = line.replace(/\u001b\[\d+m/g, '');
  if (plain.trim() === '') return '';
  const style = line.includes('\u001b[33m')
    ? 'y'
    : line.includes('\u001b[31m')
      ? 'r'
      : line.includes('\u001b[1m')
        ? 'b'
        : /^(!| {34})/.test(plain)
          ? 'n'
          : '';
  const shown = plain.length > COLUMNS ? `${plain.slice(0, COLUMNS - 1)}…` : plain;
  const escaped = shown.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
  return `<text x="${PADDING}" y="${y}"${style && ` class="${style}"`}>${escaped}</text>`;
}

void record().then((frames) => writeFileSync(path.join(__dirname, '../docs/local-run.svg'), draw(frames)));
