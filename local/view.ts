import { styleText } from 'node:util';
import { columns, fold } from '../shared/read/fold';
import type { Balance } from './balance';
import type { CoverageRow } from './coverage';
import type { Places, Replay } from './platform';
import type { Counts, End, Message } from './story';
import { foldCommand, many, number } from './text';

/** The default blueprint. */
const MINIMAL = 'pipeline';

/** Prints a run. */
export interface View {
  /** @param blueprint its name, by default the minimal pipeline */
  show(cloud: string, message: Message, blueprint?: string): void;
  /** The run has ended, or prints no more. */
  close(): void;
}

/** For programs: each message is a line of JSON. */
export function jsonView(print: (line: string) => void): View {
  return { show: (cloud, message, blueprint = MINIMAL) => print(JSON.stringify({ cloud, blueprint, ...message })), close: () => {} };
}

/** How many paths of each kind are printed to a pipe. After that, only new kinds are printed. */
const TOLD = 3;

/** For a pipe: each kind of message once. @param details whether the whole coverage is printed */
export function plainView(print: (line: string) => void, details = false): View {
  const told = new Map<string, number>();
  const printFolded = (line: string) => {
    for (const piece of fold(line)) print(piece);
  };
  const tell = (key: string, line: string, most: number) => {
    const times = told.get(key) ?? 0;
    told.set(key, times + 1);
    if (times < most) printFolded(line);
  };
  return {
    show(cloud, message, blueprint) {
      if (message.kind === 'way' && message.byHand) printFolded(`  ${wayOf(message)}`);
      else if (message.kind === 'way')
        tell(`${cloud} ${message.end} ${reasonOf(message)}`, `  ${wayOf(message)}`, message.end === 'stored' ? TOLD : 1);
      else if (message.kind === 'incident') tell(`${cloud} ${message.text}`, `  !  ${message.text}`, 1);
      else if (message.kind === 'log') tell(`${cloud} ${withoutNumbers(message.line)}`, cut(`  |  ${message.line}`), 1);
      else for (const line of linesOf(titleOf(cloud, blueprint), message, details)) print(line);
    },
    close: () => {},
  };
}

/** How many paths and incidents are shown below the counts in a live view. */
const SHOWN = 6;

/** For a terminal: the four stages with live counts. `redraw` replaces the previous text. */
export function liveView(print: (line: string) => void, redraw: (frame: string) => void, details = false): View {
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
          // The following events would scroll it away at once.
          if (message.byHand) {
            redraw('');
            for (const line of fold(wayOf(message))) print(colored(message.end, line));
          } else latest(ways, colored(message.end, fittingWayOf(message)));
          return;
        case 'incident':
          incidents.set(message.text, (incidents.get(message.text) ?? 0) + 1);
          return;
        case 'log':
          return;
        case 'counts':
          redraw(
            [
              ...stagesOf(message.counts),
              ...ways,
              ...[...incidents].slice(-SHOWN).map(([text, times]) => cut(`! ${text}${times > 1 ? ` (${times})` : ''}`)),
            ].join('\n'),
          );
          return;
        default:
          redraw('');
          ways.length = 0;
          incidents.clear();
          for (const line of linesOf(titleOf(cloud, blueprint), message, details)) print(line);
      }
    },
    close: () => redraw(''),
  };
}

function stagesOf({ sent, rejected, buffered, deliveries, dropped, stored, deadLettered }: Counts): string[] {
  const line = (stage: string, ...counts: readonly string[]) =>
    `${styleText('bold', stage.padEnd(12))}${counts.filter(Boolean).join(', ')}`;
  return [
    '',
    line('Connect', `${number(sent)} sent`, rejected > 0 ? `${number(rejected)} refused` : ''),
    line('Buffer', `${number(buffered)} waiting`),
    line('Processing', many(deliveries, 'call'), dropped > 0 ? `${number(dropped)} dropped by the transform` : ''),
    line('Store', many(stored, 'row'), many(deadLettered, 'dead letter')),
    '',
  ];
}

function titleOf(cloud: string, blueprint = MINIMAL): string {
  return `${cloud} ${blueprint}`;
}

/** The lines of messages that are printed once in a run. */
function linesOf(title: string, message: Message, details: boolean): string[] {
  const folded = (line: string) => fold(line);
  switch (message.kind) {
    case 'stages':
      return fold(`${title}:  ${message.stages.map(({ stage, service }) => `${stage} ${service}`).join(' > ')}`).map(bold);
    case 'coverage':
      return (
        details
          ? [...coverageLines(message.coverage), ...message.overrides.map((line) => `  set here:  ${line}`), '']
          : [summaryOf(message.coverage)]
      ).flatMap(folded);
    case 'up':
      return [
        ...folded(`  Waiting times are ${message.pace} times shorter than in the cloud. To repeat this run: --seed ${message.seed}`),
        ...foldCommand('Ready. Send an event yourself:', message.places.send),
        '',
      ];
    case 'end':
      return [
        '',
        ...balanceLines(title, message.balance, message.seconds),
        ...placeLines(message.places),
        ...message.replays.flatMap((one) => foldCommand('replay the dead letters:', replayCommand(one))),
        '',
      ];
    case 'failed':
      return ['', `${title} failed: ${message.reason}`, ''].flatMap(folded);
    case 'not run':
      return folded(`${title}: not run here: ${message.reason}`);
    default:
      return [];
  }
}

function replayCommand({ settings, words }: Replay): string {
  return [...Object.entries(settings).map((entry) => entry.join('=')), 'npm run replay --', ...words].join(' ');
}

/** How many types without an effect are named in one line. */
const NAMED = 3;

/** A summary of the coverage, in one line. */
function summaryOf(coverage: readonly CoverageRow[]): string {
  // `template`, `variable` and similar rows are not resources.
  const resources = coverage.filter(({ type, property }) => property === '' && /::|_/.test(type));
  const without = new Map<string, number>();
  for (const { type, treatment } of resources) if (treatment === 'no effect here') without.set(type, (without.get(type) ?? 0) + 1);
  const names = [...without]
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${count} ${type.replace(/^AWS::/, '').replace('::', ' ')}`);
  const idle = resources.filter(({ treatment }) => treatment === 'no effect here').length;
  const rest = `${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ' and more' : ''}`;
  return `  ${number(resources.length - idle)} of ${many(resources.length, 'resource')} run here. No effect here: ${rest} (--coverage shows all).`;
}

function coverageLines(coverage: readonly CoverageRow[]): string[] {
  const of = (treatment: CoverageRow['treatment']) => coverage.filter((row) => row.treatment === treatment);
  const types = [...new Set(of('emulated').map(({ type }) => type))];
  const table = types.flatMap((type) =>
    (['emulated', 'no effect here'] as const).flatMap((treatment, index) => {
      const names = of(treatment).flatMap((row) => (row.type === type && row.property ? [row.property] : []));
      const line = names.length > 0 ? [`    ${treatment}:  ${[...new Set(names)].join(', ')}`] : [];
      return index === 0 ? [`  ${type}`, ...line] : line;
    }),
  );
  const inert = of('no effect here').flatMap(({ type }) => (types.includes(type) ? [] : [type]));
  const told = (['refused', 'not run here'] as const).flatMap((treatment) =>
    of(treatment).map(
      ({ type, resource, property, why }) => `  ${treatment}:  ${[type, resource, property].filter(Boolean).join(' ')}: ${why}`,
    ),
  );
  return [
    ...table,
    ...(inert.length > 0 ? ['  everything else', `    no effect here:  ${[...new Set(inert)].join(', ')}`] : []),
    ...told,
    '  Not checked here:  permissions, network, encryption, quotas, scaling, latency, cost.',
  ];
}

const LONGEST_REASON = 120;

function balanceLines(
  title: string,
  { sent, made, accepted, rejected, stored, dropped, deadLettered, inBoth, changedAtDoor, duplicatesRemoved, hint, faults }: Balance,
  seconds: number,
): string[] {
  const row = (what: string, count: number, more = '') => `  ${what.padEnd(24)}${number(count).padStart(8)}   ${more}`.trimEnd();
  const reasons = (counts: Readonly<Record<string, number>>) =>
    alike(counts).map(([reason, count]) => `${number(count).padStart(10)}  ${cutTo(LONGEST_REASON, reason)}`);
  const rate = `${number(Math.round(sent / seconds))} a second from Connect to the store`;
  return [
    ...fold(`${title}:  ${many(sent, 'event')} in ${seconds.toFixed(1)} s, ${rate}`).map(bold),
    ...[
      row('sent', sent - made),
      ...(made > 0 ? [row('sent by the platform', made, 'events of new objects')] : []),
      row('refused', sum(rejected)),
      ...reasons(rejected),
      row('accepted', accepted),
      row('in the store', stored),
      ...(dropped > 0 ? [row('dropped by the transform', dropped)] : []),
      row('in the dead letter', sum(deadLettered)),
      ...reasons(deadLettered),
      ...(inBoth > 0 ? [row('in both', inBoth)] : []),
      ...(changedAtDoor > 0 ? [row('changed on arrival', changedAtDoor, 'bytes that are not UTF-8 were read as text')] : []),
      row('duplicates removed', duplicatesRemoved),
      ...(faults.length > 0
        ? faults.map((fault) => `  FAULT  ${fault}`)
        : [`  Every accepted event ${placesOf(dropped)}, and none is in both.`]),
      ...(hint?.split('\n') ?? []).map((line) => `  ${line}`),
    ].flatMap((line) => fold(line)),
  ];
}

function placeLines({ store, deadLetter }: Places): string[] {
  const here = (place: string) => place.replaceAll(`${process.cwd()}/`, '');
  return [...foldCommand('look at the store:      ', here(store)), ...foldCommand('look at the dead letter:', here(deadLetter))];
}

function placesOf(dropped: number): string {
  return dropped > 0 ? 'is in the store or in the dead letter, or was dropped' : 'is in the store or in the dead letter';
}

type Way = Extract<Message, { kind: 'way' }>;

/** One line for the path of an event. */
function wayOf({ number: which, event, way, end }: Way): string {
  const goal = { stored: 'stored in', rejected: '', dropped: '', 'dead letter': 'dead letter:' }[end];
  const last = [goal, end === 'stored' ? way.at(-1) : cutTo(LONGEST_REASON, way.at(-1)!)].filter(Boolean).join(' ');
  return short(`#${String(which).padEnd(6)}${event.padEnd(22)}${[...way.slice(0, -1), last].join(' > ')}`);
}

/** If the line is too long, only the end of the path is shown. */
function fittingWayOf(message: Way): string {
  const line = wayOf(message);
  return line.length < columns() ? line : wayOf({ ...message, way: message.way.slice(-1) });
}

/** Group reasons that differ only in numbers. */
function alike(counts: Readonly<Record<string, number>>): [reason: string, count: number][] {
  const groups = new Map<string, [string, number]>();
  for (const [reason, count] of Object.entries(counts)) {
    const group = groups.get(withoutNumbers(reason));
    if (group) group[1] += count;
    else groups.set(withoutNumbers(reason), [reason, count]);
  }
  return [...groups.values()].sort(([, a], [, b]) => b - a);
}

/** Why an event is not in the store, without the parts that differ between events. */
function reasonOf({ way, end }: Way): string {
  return end === 'stored' ? '' : withoutNumbers(way.at(-1)!);
}

/** A line without numbers, times and identifiers. */
function withoutNumbers(line: string): string {
  return line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '0');
}

/** Long numbers of a cloud are shortened to their last digits. */
function short(line: string): string {
  return line.replace(/\d{13,}/g, (digits) => `…${digits.slice(-6)}`);
}

function colored(end: End, line: string): string {
  return styleText(COLORS[end], cut(line));
}

const COLORS = { stored: 'reset', dropped: 'gray', rejected: 'yellow', 'dead letter': 'red' } as const;

function cut(line: string): string {
  return cutTo(columns() - 1, line);
}

function cutTo(width: number, line: string): string {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

function bold(line: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText('bold', line) : line;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
