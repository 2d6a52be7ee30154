import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { synthesizeAws } from '../bin/aws';
import { synthesizeTerraform } from '../bin/terraform';
import { readCloudFormation } from '../shared/read/cloudformation';
import { type Hop, isDeadLetter } from '../shared/read/picture';
import { readTerraform } from '../shared/read/terraform';

const COLUMN = 300;
const WIDTH = 276;
const LINE = 16;
const CHARACTERS = 38;

/** Draws the way of an event on each cloud, from what the pipelines synthesize to: `docs/pipelines.svg`. */
export function pipelinesSvg(): string {
  process.env.CDK_VALIDATION = 'false';
  const outdir = mkdtempSync(path.join(tmpdir(), 'picture-'));
  try {
    const aws = synthesizeAws({}, path.join(outdir, 'aws')).stacks.map(({ template }) => readCloudFormation(template).flow);
    const terraform = synthesizeTerraform({}, path.join(outdir, 'terraform')).map(
      (stack) => readTerraform(JSON.parse(readFileSync(path.join(outdir, 'terraform/stacks', stack, 'cdk.tf.json'), 'utf8'))).flow,
    );
    return draw(['AWS', 'Azure', 'GCP'], [...aws, ...terraform]);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function draw(titles: readonly string[], flows: readonly (readonly Hop[])[]): string {
  const columns = flows.map((flow, index) => column(titles[index]!, flow, index * COLUMN + 12));
  const height = Math.max(...columns.map(({ bottom }) => bottom)) + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${flows.length * COLUMN} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="12">
<title>The way of an event on AWS, Azure and GCP</title>
<rect width="100%" height="100%" fill="#fff"/>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker>
${columns.map(({ svg }) => svg).join('\n')}
</svg>
`;
}

/** One cloud, from top to bottom: each receiver as a box, what is handed to it beside the arrow above. Dead letters come last. */
function column(title: string, flow: readonly Hop[], x: number) {
  const svg: string[] = [text(x, 28, [title], 'font-size="18" font-weight="700"')];
  let y = 44;
  const box = (name: string, notes: string, fill: string) => {
    const lines = wrap(notes);
    const height = 28 + lines.length * LINE;
    svg.push(`<rect x="${x}" y="${y}" width="${WIDTH}" height="${height}" rx="6" fill="${fill}" stroke="#d0d7de"/>`);
    svg.push(text(x + 10, y + 19, [name], 'font-weight="600"'), text(x + 10, y + 19 + LINE, lines, 'fill="#57606a"'));
    y += height;
  };
  const arrow = (how: readonly string[], dashed = '') => {
    const height = Math.max(how.length, 1) * LINE + 10;
    svg.push(
      `<path d="M${x + 16} ${y + 2}V${y + height - 2}" stroke="#57606a" ${dashed}marker-end="url(#tip)"/>`,
      text(x + 28, y + 17, how),
    );
    y += height;
  };
  const dead = (hop: Hop) => isDeadLetter(hop.to);

  box('client', '', '#f6f8fa');
  for (const hop of flow.filter((each) => !dead(each))) {
    arrow(wrap(hop.how));
    box(hop.to, hop.notes, '#ddf4ff');
  }
  const letters = flow.filter(dead);
  arrow(
    letters.flatMap(({ from, how }) => wrap(`${from}: ${how}`)),
    'stroke-dasharray="4 3" ',
  );
  box(letters[0]?.to ?? '', letters[0]?.notes ?? '', '#fff1e5');
  return { svg: svg.join('\n'), bottom: y };
}

function text(x: number, y: number, lines: readonly string[], style = ''): string {
  return lines.map((line, index) => `<text x="${x}" y="${y + index * LINE}" ${style}>${markup(line)}</text>`).join('');
}

function wrap(words: string): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ').filter(Boolean)) {
    if (lines.length > 0 && lines.at(-1)!.length + word.length < CHARACTERS) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
  }
  return lines;
}

function markup(line: string): string {
  return line.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
