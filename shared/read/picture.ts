/** A readable summary of a synthesized template: its resources by stage, the flow of events, and the permissions. */
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
  /** Its name in the template. */
  readonly id: string;
}

/** One step of the path of an event. */
export interface Hop {
  readonly from: string;
  /** What is passed on, in which batches, with how many retries. */
  readonly how: string;
  readonly to: string;
  /** The service and the settings of the receiver. */
  readonly notes: string;
}

/** A step with the names of its resources in the template. Senders outside of the template are `client`. */
export interface Step extends Hop {
  readonly between: readonly [from: string, to: string];
}

/** The content of a picture: the services that an event passes, and the connections between them. */
export interface Graph {
  readonly parts: readonly Part[];
  readonly ways: readonly Way[];
}

/** One service that keeps or processes events. */
export interface Part {
  /** Its name in the template, or `client`. */
  readonly id: string;
  /** Its stage. A client has none. */
  readonly stage: string;
  /** The name of its service: `Kinesis`. */
  readonly service: string;
  /** Its readable name: `Buffer stream`. */
  readonly name: string;
  /** Its most important settings first. */
  readonly tells: readonly string[];
  readonly isDeadLetter: boolean;
  /** The number of its alarms. */
  readonly alarms: number;
  /** Its permissions, and the permissions of others on it. */
  readonly permissions: readonly string[];
}

/** A step from one part to another. */
export interface Way {
  readonly from: string;
  readonly to: string;
  /** What is passed on, in which batches, with how many retries: one text for each connection. */
  readonly how: readonly string[];
}

/** One line of the table of permissions. */
export interface Access {
  /** The identity of a stage, a service, or an identity outside of the stack. */
  readonly identity: string;
  /** The actions or the role. */
  readonly may: string;
  /** The resource, as narrow as in the template. */
  readonly on: string;
  /** The condition, or an empty text. */
  readonly only: string;
}

/** A permission, with the name of its identity in the template. */
export interface Granted extends Access {
  readonly holder: string;
}

/** The stages of a platform, in the order of the data flow. */
export const STAGES: readonly string[] = ['Connect', 'Buffer', 'Processing', 'Store', 'Visualize', 'Containerization'];

/** The flow as lines of text, columns aligned. */
export function renderFlow(flow: readonly Hop[]): string {
  const from = width(flow.map((hop) => hop.from));
  const how = width(flow.map((hop) => hop.how));
  const to = width(flow.map((hop) => hop.to));
  return lines(flow.map((hop) => `${hop.from.padEnd(from)}  -- ${hop.how.padEnd(how)} -->  ${hop.to.padEnd(to)}  ${hop.notes}`));
}

/** The permissions as a table of text. An identity with several permissions is named once; long lists of actions are wrapped. */
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

/** Sorts permissions: senders, then the stages in the order of the data flow, then all others by name. */
export function byIdentity(a: Access, b: Access): number {
  const rank = ({ identity }: Access) => ['client', ...STAGES, identity].indexOf(identity);
  return rank(a) - rank(b) || (rank(a) > STAGES.length ? a.identity.localeCompare(b.identity) : 0);
}

/** Sorts hops in the order of the data flow. Hops to the dead letter are last. */
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

/** A duration in readable form. */
export function duration(seconds: number): string {
  const units = [
    [86_400, 'days'],
    [3600, 'h'],
    [60, 'min'],
  ] as const;
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit && seconds % unit === 0) ?? [1, 's'];
  return `${seconds / size} ${name}`;
}

/** `DeadLetter` in readable form: `dead letter`. */
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
