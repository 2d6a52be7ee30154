/** What a synthesized template says, in the words of a reader: what stands where, who hands what to whom, who may do what. */
export interface Picture {
  readonly resources: readonly Resource[];
  readonly graph: Graph;
  readonly flow: readonly Hop[];
  readonly access: readonly Access[];
}

/** One resource of a template. */
export interface Resource {
  /** The stage it belongs to, such as `Buffer`. */
  readonly stage: string;
  /** Its type in the template's language, such as `AWS::Kinesis::Stream` or `google_pubsub_topic`. */
  readonly type: string;
  /** What it is called in the template. */
  readonly id: string;
}

/** One step of an event's way. */
export interface Hop {
  readonly from: string;
  /** What is handed over, how it is batched, how often it is tried. */
  readonly how: string;
  readonly to: string;
  /** What the receiver is and does. */
  readonly notes: string;
}

/** A step, and the resources that it leads from and to, as the template calls them. Whoever sends from outside is the `client`. */
export interface Step extends Hop {
  readonly between: readonly [from: string, to: string];
}

/** What a picture of a platform shows: the services that an event passes, and the ways between them. */
export interface Graph {
  readonly parts: readonly Part[];
  readonly ways: readonly Way[];
}

/** One service, where an event stays or is worked on. */
export interface Part {
  /** What the template calls it, or `client`. */
  readonly id: string;
  /** The stage it stands in. A client stands in none. */
  readonly stage: string;
  /** What people call its service: `Kinesis`. */
  readonly service: string;
  /** What a person calls it: `Buffer stream`. */
  readonly name: string;
  /** What a reader is told of it, in the order of importance. */
  readonly tells: readonly string[];
  readonly isDeadLetter: boolean;
  /** How many alarms watch it. */
  readonly alarms: number;
  /** What it may do, and who may do what to it. */
  readonly permissions: readonly string[];
}

/** A step from one part to another. */
export interface Way {
  readonly from: string;
  readonly to: string;
  /** What is handed over, how it is batched, how often it is tried: one text for each way that it is done. */
  readonly how: readonly string[];
}

/** One line of the table of permissions. */
export interface Access {
  /** Who: a stage's own identity, a service, or somebody outside. */
  readonly identity: string;
  /** The actions or the role. */
  readonly may: string;
  /** The resource, as narrow as the template says it. */
  readonly on: string;
  /** Under which condition, or nothing. */
  readonly only: string;
}

/** A permission, and who holds it as the template calls it. */
export interface Granted extends Access {
  readonly holder: string;
}

/** The stages of a platform, in the order that data takes. */
export const STAGES: readonly string[] = ['Connect', 'Buffer', 'Processing', 'Store', 'Visualize', 'Containerization'];

/** The flow as lines of text, columns aligned. */
export function renderFlow(flow: readonly Hop[]): string {
  const from = width(flow.map((hop) => hop.from));
  const how = width(flow.map((hop) => hop.how));
  const to = width(flow.map((hop) => hop.to));
  return lines(flow.map((hop) => `${hop.from.padEnd(from)}  -- ${hop.how.padEnd(how)} -->  ${hop.to.padEnd(to)}  ${hop.notes}`));
}

/** The permissions as a table of text. Whoever has several is named once; long lists of actions go on in the next line. */
export function renderAccess(access: readonly Access[]): string {
  const head: Access = { identity: 'identity', may: 'may', on: 'on', only: 'only if' };
  const named = access.map((row, index) => (row.identity === access[index - 1]?.identity ? { ...row, identity: '' } : row));
  const rows = [
    head,
    ...named.flatMap(({ may, ...row }) => fold(may).map((line, index) => (index === 0 ? { ...row, may: line } : continued(line)))),
  ];
  const [identity, may, on] = (['identity', 'may', 'on'] as const).map((column) => width(rows.map((row) => row[column])));
  return lines(rows.map((row) => `${row.identity.padEnd(identity!)}  ${row.may.padEnd(may!)}  ${row.on.padEnd(on!)}  ${row.only}`));
}

/** Sorts permissions: those who send, then the stages in the order that data takes, then everybody else by name. */
export function byIdentity(a: Access, b: Access): number {
  const rank = ({ identity }: Access) => ['client', ...STAGES, identity].indexOf(identity);
  return rank(a) - rank(b) || (rank(a) > STAGES.length ? a.identity.localeCompare(b.identity) : 0);
}

/** Sorts hops in the order that data takes; what goes to the dead letter comes last. */
export function byStage(a: Hop, b: Hop): number {
  const rank = ({ from, to }: Hop) => ['client', ...STAGES].indexOf(from) + (isDeadLetter(to) ? 100 : 0);
  return rank(a) - rank(b);
}

export function isDeadLetter(name: string): boolean {
  return name.includes('dead letter');
}

/** Several facts in one cell. */
export function facts(...parts: (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(', ');
}

/** A duration the way a person says it. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'days'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit && seconds % unit === 0) ?? [1, 's'];
  return `${seconds / size} ${name}`;
}

/** `DeadLetter` as a person writes it: `dead letter`. */
export function words(id: string): string {
  return id.replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
}

/** Break a list at its commas into lines of about 48 characters. */
function fold(list: string): string[] {
  const folded: string[] = [];
  for (const part of list.split(/(?<=, )/)) {
    if (folded.length > 0 && folded.at(-1)!.length + part.length <= 48) folded.push(folded.pop() + part);
    else folded.push(part);
  }
  return folded.map((line) => line.trimEnd());
}

function continued(line: string): Access {
  return { identity: '', may: `  ${line}`, on: '', only: '' };
}

function width(cells: readonly string[]): number {
  return Math.max(...cells.map((cell) => cell.length));
}

function lines(rows: readonly string[]): string {
  return `${rows.map((row) => row.trimEnd()).join('\n')}\n`;
}
