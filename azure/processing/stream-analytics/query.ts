import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';

/** The name of the only input in every query. */
export const INPUT = 'events';

/**
 * The column that a row for a hub or a queue needs. It becomes a property of the message. Without such a column, Stream
 * Analytics packs several rows into one message of a hub.
 * @see https://learn.microsoft.com/azure/stream-analytics/event-hubs-output#output-batch-size
 */
export const MESSAGE_COLUMN = 'kind';

/** The names of the outputs that a query writes to. */
export interface Outputs {
  /** All of them. */
  readonly names: readonly string[];
  /** Those that are a hub or a queue. */
  readonly messages: readonly string[];
}

/** One name, in brackets or without. */
const ONE = String.raw`(?:\[([^\]]*)\]|([A-Za-z_]\w*))`;

/**
 * The query that writes each event to the only output, a store. `*` has three columns more than the event: `EventProcessedUtcTime`,
 * `PartitionId` and `EventEnqueuedUtcTime`.
 * @see https://learn.microsoft.com/azure/stream-analytics/stream-analytics-define-inputs#create-an-input-from-event-hubs
 */
export function passThrough(output: string): string {
  return `SELECT * INTO [${output}] FROM [${INPUT}]`;
}

/**
 * Refuse a query that reads from an input, or writes to an output, that the job does not have. Azure would refuse it too, but
 * only when the job starts, after everything else is deployed. Only these names are checked: Azure checks the rest.
 * @throws SettingError
 */
export function requireNames(scope: IConstruct, query: string, { names, messages }: Outputs) {
  const text = withoutComments(query);
  const found = (after: string) => [...text.matchAll(new RegExp(String.raw`\b(?:${after})\s+${ONE}`, 'gi'))].map(nameOf);
  // `WITH One AS (...), Two AS (...)`.
  const steps = [...text.matchAll(new RegExp(String.raw`(?:\bWITH|,)\s*${ONE}\s+AS\s*\(`, 'gi'))].map(nameOf);
  const [read, written] = [found('FROM|JOIN'), found('INTO')];
  const refuse = (rule: string, got: string, remedy: string): never => {
    throw new SettingError(scope, `query must ${rule}`, got, remedy);
  };
  const known = (all: readonly string[]) => `The names are ${all.join(', ')}.`;
  if (/[$%]\{/.test(query)) refuse('have no ${ and no %{', 'one of them', 'Terraform would replace it.');
  const unknown = written.find((name) => !names.includes(name));
  if (unknown !== undefined) refuse('write INTO outputs of the job', shown(unknown), known(names));
  const unused = names.find((name) => !written.includes(name));
  if (unused !== undefined) refuse('write INTO each output', `nothing INTO ${unused}`, 'Leave the output out, or write to it.');
  const strange = read.find((name) => name !== INPUT && !steps.includes(name));
  if (strange !== undefined) refuse(`read FROM ${INPUT} or a step of its own`, shown(strange), known([INPUT, ...steps]));
  if (!read.includes(INPUT)) refuse(`read FROM ${INPUT}`, 'a query that does not', `Write FROM [${INPUT}].`);
  if (messages.length > 0 && !new RegExp(String.raw`\bAS\s+\[?${MESSAGE_COLUMN}\b`, 'i').test(text)) {
    const remedy = `Add a column such as 'event' AS [${MESSAGE_COLUMN}]: without it, several rows are in one message.`;
    refuse(`select a column ${MESSAGE_COLUMN} INTO ${messages.join(' and ')}`, 'a query without it', remedy);
  }
}

/** The query without comments, and with empty texts in quotes. */
function withoutComments(query: string): string {
  return query.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g, (part) => (part.startsWith("'") ? "''" : ' '));
}

function nameOf([, inBrackets, plain]: RegExpMatchArray): string {
  return inBrackets ?? plain!;
}

/** A name for a message of one line. */
function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 59)}…` : name);
}
