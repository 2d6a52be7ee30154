import { styleText } from 'node:util';
import type { Balance } from './balance';
import type { CoverageRow } from './coverage';
import type { Places, Replay } from './platform';
import type { Counts, End, Message } from './story';

/** What is built where nobody names another one. */
const MINIMAL = 'pipeline';

/** Shows a run to whoever watches it. */
export interface View {
  /** @param blueprint its name, by default the minimal pipeline */
  show(cloud: string, message: Message, blueprint?: string): void;
  /** The run is over, or shows no more. */
  close(): void;
}

/** For machines: each message is a line of JSON. */
export function jsonView(print: (line: string) => void): View {
  return { show: (cloud, message, blueprint = MINIMAL) => print(JSON.stringify({ cloud, blueprint, ...message })), close: () => {} };
}

/** Ways of each kind that are told in a pipe. After these only what is new is told. */
const TOLD = 3;

/** For a pipe: what is worth a line, once. */
export function plainView(print: (line: string) => void): View {
  const told = new Map<string, number>();
  const tell = (key: string, line: string, most: number) => {
    const times = told.get(key) ?? 0;
    told.set(key, times + 1);
    if (times < most) print(line);
  };
  return {
    show(cloud, message, blueprint) {
      if (message.kind === 'way')
        tell(`${cloud} ${message.end} ${reasonOf(message)}`, `  ${wayOf(message)}`, message.end === 'stored' ? TOLD : 1);
      else if (message.kind === 'incident') tell(`${cloud} ${message.text}`, `  !  ${message.text}`, 1);
      else if (message.kind === 'log') tell(`${cloud} ${withoutNumbers(message.line)}`, cut(`  |  ${message.line}`), 1);
      else for (const line of linesOf(titleOf(cloud, blueprint), message)) print(line);
    },
    close: () => {},
  };
}

/** Ways and incidents that stand below the counts in a live view. */
const SHOWN = 6;

/** For a terminal: the four stages, and how events move through them. `redraw` puts a text in place of the last one. */
export function liveView(print: (line: string) => void, redraw: (frame: string) => void): View {
  let counts: Counts | undefined;
  const ways: string[] = [];
  const incidents = new Map<string, number>();
  const latest = (list: string[], line: string) => {
    list.push(line);
    if (list.length > SHOWN) list.shift();
  };
  return {
    show(cloud, message, blueprint) {
      switch (message.kind) {
        case 'way':
          return latest(ways, colored(message.end, wayOf(message)));
        case 'incident':
          incidents.set(message.text, (incidents.get(message.text) ?? 0) + 1);
          return;
        case 'log':
          return;
        case 'counts':
          counts = message.counts;
          redraw(
            [
              ...boxes(counts),
              ...ways,
              ...[...incidents].slice(-SHOWN).map(([text, times]) => cut(`! ${text}${times > 1 ? ` (${times})` : ''}`)),
            ].join('\n'),
          );
          return;
        default:
          redraw('');
          ways.length = 0;
          incidents.clear();
          for (const line of linesOf(titleOf(cloud, blueprint), message)) print(line);
      }
    },
    close: () => redraw(''),
  };
}

function boxes({ sent, rejected, buffered, deliveries, stored, deadLettered }: Counts): string[] {
  const columns = [
    ['Connect', `${number(sent)} sent`, `${number(rejected)} refused`],
    ['Buffer', `${number(buffered)} waiting`, ''],
    ['Processing', `${number(deliveries)} calls`, ''],
    ['Store', `${number(stored)} rows`, `${number(deadLettered)} dead letters`],
  ];
  const line = (row: number, between: string) => columns.map((column) => column[row]!.padEnd(17)).join(between);
  return ['', styleText('bold', line(0, '-->  ')), line(1, '     '), line(2, '     '), ''];
}

function titleOf(cloud: string, blueprint = MINIMAL): string {
  return blueprint === MINIMAL ? cloud : `${cloud} ${blueprint}`;
}

/** The lines of whatever is told once in a run. */
function linesOf(title: string, message: Message): string[] {
  switch (message.kind) {
    case 'coverage':
      return [
        bold(`${title}: what of its template runs here: ${summaryOf(message.coverage)}`),
        ...coverageLines(message.coverage),
        '',
        ...message.overrides.map((line) => `  set here: ${line}`),
        '',
      ];
    case 'up':
      return [
        `  Up. Waits of the cloud pass ${message.pace} times faster here; work takes the time it takes.`,
        `  Send one yourself: ${message.places.send}`,
        ...message.replays.map((one) => `  Replay what could not be processed: ${replayCommand(one)}`),
        `  What chance decides is decided again with --seed ${message.seed}`,
        '',
      ];
    case 'end':
      return ['', ...balanceLines(title, message.balance, message.seconds), ...placeLines(message.places), ''];
    case 'failed':
      return ['', `${title} failed: ${message.reason}`, ''];
    case 'not run':
      return [`${title}: not run here: ${message.reason}`];
    default:
      return [];
  }
}

function replayCommand({ settings, words }: Replay): string {
  return [...Object.entries(settings).map((entry) => entry.join('=')), 'npm run replay --', ...words].join(' ');
}

const WIDTH = 136;

function summaryOf(coverage: readonly CoverageRow[]): string {
  const count = (treatment: CoverageRow['treatment']) => coverage.filter((row) => row.treatment === treatment && row.property).length;
  const resources = new Set(coverage.map(({ type, resource }) => `${type} ${resource}`)).size;
  return `${resources} resources, ${count('emulated')} properties emulated, ${count('no effect here')} without an effect here, ${count('refused')} refused`;
}

function coverageLines(coverage: readonly CoverageRow[]): string[] {
  const of = (treatment: CoverageRow['treatment']) => coverage.filter((row) => row.treatment === treatment);
  const types = [...new Set(of('emulated').map(({ type }) => type))];
  const table = types.flatMap((type) => {
    const names = (treatment: CoverageRow['treatment']) =>
      unique(
        of(treatment)
          .filter((row) => row.type === type && row.property)
          .map(({ property }) => property),
      );
    return [...folded(type, 'emulated', names('emulated')), ...folded('', 'no effect here', names('no effect here'))];
  });
  const inert = of('no effect here').filter(({ type }) => !types.includes(type));
  return [
    ...table,
    ...folded('everything else', 'no effect here', unique(inert.map(({ type }) => type))),
    ...of('refused').map(
      ({ type, resource, property, why }) => `  REFUSED  ${[type, resource, property].filter(Boolean).join(' ')}: ${why}`,
    ),
    '  Not checked here: permissions, network, encryption, quotas, scaling, latency, cost.',
  ];
}

function folded(head: string, treatment: string, names: readonly string[]): string[] {
  if (names.length === 0) return head ? [`  ${head.padEnd(44)}${treatment}`] : [];
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last && last.length + name.length + 2 <= WIDTH - 62) lines[lines.length - 1] = `${last}, ${name}`;
    else lines.push(name);
  }
  return lines.map((line, index) => `  ${(index === 0 ? head : '').padEnd(44)}${(index === 0 ? treatment : '').padEnd(16)}${line}`);
}

function balanceLines(
  title: string,
  { sent, accepted, rejected, stored, leftOut, deadLettered, inBoth, changedAtDoor, duplicatesRemoved, faults }: Balance,
  seconds: number,
): string[] {
  const row = (what: string, count: number, more = '') => `  ${what.padEnd(22)}${number(count).padStart(8)}   ${more}`.trimEnd();
  const reasons = (counts: Readonly<Record<string, number>>) =>
    alike(counts).map(([reason, count]) => `${''.padEnd(35)}${number(count).padStart(5)}  ${cutTo(reason, WIDTH - 42)}`);
  return [
    bold(
      `${title}: ${number(sent)} events in ${seconds.toFixed(1)} s, ${number(Math.round(sent / seconds))} a second from the door to the store`,
    ),
    row('sent', sent),
    row('refused at the door', sum(rejected)),
    ...reasons(rejected),
    row('accepted', accepted),
    row('in the store', stored),
    row('in the dead letter', sum(deadLettered)),
    ...reasons(deadLettered),
    ...(leftOut > 0 ? [row('no rows made of it', leftOut)] : []),
    ...(inBoth > 0 ? [row('in both', inBoth)] : []),
    ...(changedAtDoor > 0 ? [row('changed at the door', changedAtDoor, 'bytes that are no text, which the door took for text')] : []),
    row('duplicates removed', duplicatesRemoved),
    ...(faults.length > 0
      ? faults.map((fault) => `  FAULT  ${fault}`)
      : ['  Every accepted event is in the store or in the dead letter, and none is in both.']),
  ];
}

function placeLines({ store, deadLetter }: Places): string[] {
  const here = (place: string) => place.replaceAll(`${process.cwd()}/`, '');
  return [`  look at the store:        ${here(store)}`, `  look at the dead letter:  ${here(deadLetter)}`];
}

type Way = Extract<Message, { kind: 'way' }>;

/** One line for the way of an event, in the order that it took. */
function wayOf({ number: which, event, way, end }: Way): string {
  const goal = { stored: 'stored in', rejected: '', 'dead letter': 'dead letter:' }[end];
  const last = [goal, way.at(-1)].filter(Boolean).join(' ');
  return short(`#${String(which).padEnd(6)}${event.padEnd(22)}${[...way.slice(0, -1), last].join(' > ')}`);
}

/** Reasons that differ in numbers only are told as one. */
function alike(counts: Readonly<Record<string, number>>): [reason: string, count: number][] {
  const groups = new Map<string, [string, number]>();
  for (const [reason, count] of Object.entries(counts)) {
    const group = groups.get(withoutNumbers(reason));
    if (group) group[1] += count;
    else groups.set(withoutNumbers(reason), [reason, count]);
  }
  return [...groups.values()].sort(([, a], [, b]) => b - a);
}

/** Why an event did not reach the store, without what is different in every event. */
function reasonOf({ way, end }: Way): string {
  return end === 'stored' ? '' : withoutNumbers(way.at(-1)!);
}

/** A line without what is different in each of its kind: numbers, times, identifiers. */
function withoutNumbers(line: string): string {
  return line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '0');
}

/** Numbers of a cloud that are too long to read keep their ends, which tell them apart. */
function short(line: string): string {
  return line.replace(/\d{13,}/g, (digits) => `…${digits.slice(-6)}`);
}

function colored(end: End, line: string): string {
  return end === 'stored' ? cut(line) : styleText(end === 'rejected' ? 'yellow' : 'red', cut(line));
}

function cut(line: string): string {
  return cutTo(line, (process.stdout.columns ?? WIDTH) - 1);
}

function cutTo(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

function bold(line: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText('bold', line) : line;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
