import type { Graph, Way } from '../picture';
import { SCHEMES } from './colours';
import { legendOf, numbersOf } from './legend';
import { columnOf, drawMatrix } from './matrix';
import { drawNarrow } from './narrow';
import { type Arrow, type Box, type Drawing, type Line, type Point, STYLES } from './shapes';
import { drawWide } from './wide';

/** One platform among several. */
interface Named {
  readonly name: string;
  readonly graph: Graph;
}

const FONT = "ui-sans-serif,system-ui,-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif";
const LETTERS = Object.entries(STYLES).map(
  ([style, { size, isBold }]) => `.${style}{font-size:${size}px${isBold ? ';font-weight:600' : ''}}`,
);
const BELL = 'M0 7.5h9l-1.2-1.7V3.6a3.3 3.3 0 0 0-6.6 0v2.2zM3.2 8.6a1.3 1.3 0 0 0 2.6 0z';

/** A platform: its services in columns of stages, and what is handed over at each numbered step below them. */
export function pictureSvg(title: string, graph: Graph, isNarrow = false): string {
  const shows = { facts: 6, numbers: true, heads: true };
  const drawing = isNarrow ? drawNarrow(graph, shows) : drawWide(graph, shows);
  const { entries, bottom } = legendOf(graph, drawing.width, drawing.height, isNarrow ? 1 : 2);
  const legend = entries.map(
    ({ number, at, isDead, lines }) => numberSvg(at, number, isDead) + lines.map((line) => textSvg(line)).join(''),
  );
  const rule = entries.length > 0 ? [ruleSvg(drawing.width, drawing.height)] : [];
  return svg(title, drawing.width, bottom, [drawingSvg(drawing, numbersOf(graph)), ...rule, ...legend]);
}

/** Several platforms, one below the other, their columns in line. */
export function overviewSvg(title: string, all: readonly Named[]): string {
  const drawings = all.map(({ graph }, index) => drawWide(graph, { facts: 2, numbers: false, heads: index === 0 }));
  const width = Math.max(...drawings.map((drawing) => drawing.width));
  let y = 0;
  const bands = drawings.map((drawing, index) => {
    const name = textSvg({ x: 24, y: drawing.heads.length > 0 ? 31 : 26, style: 'cloud', text: all[index]!.name });
    const band = `${index === 0 ? '' : ruleSvg(width, y)}<g transform="translate(0 ${y})">${name}${drawingSvg(drawing)}</g>`;
    y += drawing.height;
    return band;
  });
  return svg(title, width, y, bands);
}

/** The same for a narrow screen: side by side, with nothing but the services of each stage. */
export function narrowOverviewSvg(title: string, all: readonly Named[]): string {
  const drawing = drawMatrix(
    all.map(({ graph }) => graph),
    34,
  );
  const names = all.map(({ name }, index) => textSvg({ x: columnOf(index, all.length).left, y: 30, style: 'cloud', text: name }));
  return svg(title, drawing.width, drawing.height, [...names, drawingSvg(drawing)]);
}

function drawingSvg({ boxes, arrows, heads }: Drawing, numbers: ReadonlyMap<Way, number> = new Map()): string {
  const numbered = arrows.filter(({ way }) => numbers.has(way));
  return [
    ...heads.map(({ stage, isEmpty, ...line }) => textSvg(line, isEmpty ? 'empty' : stage.toLowerCase())),
    ...arrows.map(arrowSvg),
    ...numbered.map(({ way, at, isDead }) => numberSvg(at, numbers.get(way)!, isDead)),
    ...boxes.map(boxSvg),
  ].join('\n');
}

/** A browser that shows the picture by itself shows what a part may do, and who may do what to it, when one points at it. */
function boxSvg({ part, x, y, width, height, lines }: Box): string {
  const hue = part.isDeadLetter ? 'dead' : part.stage === '' ? 'client' : part.stage.toLowerCase();
  const title = `<title>${escaped([part.name, ...part.tells, ...part.permissions].join('\n'))}</title>`;
  const bar = hue === 'client' ? '' : `<path class="bar" d="M${x + 4} ${y + 8}v${height - 16}"/>`;
  const alarms = lines.filter(({ style }) => style === 'alarms');
  const bell = alarms.map((line) => `<path class="bell" transform="translate(${x + line.x - 13} ${y + line.y - 9})" d="${BELL}"/>`);
  const texts = lines.map((line) => textSvg({ ...line, x: x + line.x, y: y + line.y }));
  const shape = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${hue === 'client' ? Math.min(16, height / 2) : 6}"/>`;
  return `<g class="box ${hue}">${title}${shape}${bar}${bell.join('')}${texts.join('')}</g>`;
}

function arrowSvg({ points, isDead, joins }: Arrow): string {
  return `<path class="way${isDead ? ' lost' : ''}${joins ? ' joins' : ''}" d="${rounded(points)}"/>`;
}

/** A path with round corners. */
function rounded(corners: readonly Point[]): string {
  const points = corners.filter(([x, y], index) => index === 0 || x !== corners[index - 1]![0] || y !== corners[index - 1]![1]);
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (!before) return `M${at(point)}`;
      return after ? `L${at(towards(point, before))}Q${at(point)} ${at(towards(point, after))}` : `L${at(point)}`;
    })
    .join('');
}

function towards([x, y]: Point, [toX, toY]: Point): Point {
  const length = Math.abs(toX - x) + Math.abs(toY - y);
  const part = Math.min(6, length / 2) / length;
  return [x + (toX - x) * part, y + (toY - y) * part];
}

function at(point: Point): string {
  return point.map((value) => Math.round(value * 100) / 100).join(' ');
}

function numberSvg([x, y]: Point, number: number, isDead: boolean): string {
  return `<g class="number${isDead ? ' lost' : ''}"><circle cx="${x}" cy="${y}" r="8"/><text x="${x}" y="${y + 3.6}">${number}</text></g>`;
}

function ruleSvg(width: number, y: number): string {
  return `<path class="rule" d="M16 ${y}H${width - 16}"/>`;
}

function textSvg({ x, y, style, text }: Line, also = ''): string {
  return `<text class="${also === '' ? style : `${style} ${also}`}" x="${x}" y="${y}">${escaped(text)}</text>`;
}

function svg(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" role="img">
<title>${escaped(title)}</title>
<style>
${LETTERS.join('')}.stage{letter-spacing:.8px}.number,.client text{text-anchor:middle}
.rule,.way,.bar{fill:none}.way{stroke-width:1.4;marker-end:url(#tip)}.way.lost{stroke-dasharray:4 3;marker-end:url(#lost)}.way.joins{marker-end:none}
.bar{stroke-width:3;stroke-linecap:round}.dead rect{stroke-dasharray:4 3}
${SCHEMES}
</style>
${['tip', 'lost'].map((id) => `<marker id="${id}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip ${id}" d="M0 0L8 4L0 8z"/></marker>`).join('')}
<rect class="page" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${parts.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
}
