import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { NumberRule } from '../../../shared/synth/settings';
import { ACTION_GROUPS, requireNumber, requireOneOf, requireText, requireTexts, SettingError } from '../../../shared/synth/settings';
import { NAME, requireIdentity } from '../../foundation/rules';
import type { DirectSource, DirectStore } from '../../ports/delivery';
import type { RecordSink, RecordSource } from '../../ports/records';
import { isRecordSink } from './job-output';
import { INPUT, passThrough, requireNames } from './query';

/** The outputs of a job, by the names that its query uses. */
type Outputs = Readonly<Record<string, DirectStore | RecordSink>>;

const LATE: NumberRule = { from: 0, to: 1_814_399, unit: 'seconds', remedy: 'Azure waits no longer than 20 days.' };
const OUT_OF_ORDER: NumberRule = { from: 0, to: 599, unit: 'seconds', remedy: 'Azure sorts over no longer time.' };
const FILE_MINUTES: NumberRule = { from: 1, to: 60, unit: 'minutes', remedy: 'Each hour has a folder of its own.' };
/** A third of a unit, two thirds, and whole units, in the numbers of the API. */
const UNITS = [3, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];
const OUTPUT = /^[A-Za-z][\w-]{2,62}$/;
/** The services that Stream Analytics sends messages to with an identity, by the resource of their tokens. */
const SENDS_TO = ['https://eventhubs.azure.net', 'https://servicebus.azure.net'];
const WORKS =
  'Give a BlobStore, an EventHubBuffer or a ServiceBusBuffer. For Cosmos DB and tables use a FunctionProcessor, and let Power BI read a store.';

/** What is checked one by one. */
interface Settings {
  readonly name: string;
  readonly units: number;
  readonly lateSeconds: number;
  readonly outOfOrderSeconds: number;
  readonly format: string;
  readonly fileMinutes: number;
  readonly resume: boolean;
  readonly identity?: { readonly id: string; readonly principalId: string };
  readonly notify?: readonly string[];
}

/**
 * Refuse settings that Azure refuses, or accepts only to fail at the start of the job.
 * @throws SettingError
 */
export function requireSettings(
  scope: IConstruct,
  { name, units, lateSeconds, outOfOrderSeconds, format, fileMinutes, resume, identity, notify }: Settings,
) {
  requireText(scope, { name }, NAME);
  requireOneOf(scope, { units }, UNITS, 'A unit is 10. Azure has no other numbers.');
  requireNumber(scope, { lateSeconds }, LATE, 'known');
  requireNumber(scope, { outOfOrderSeconds }, OUT_OF_ORDER);
  requireOneOf(scope, { format }, ['parquet', 'json'], 'Write json for lines of JSON.');
  requireNumber(scope, { fileMinutes }, FILE_MINUTES, 'known');
  requireOneOf(scope, { resume }, [true, false], 'Write true after the first rows are stored.');
  if (identity !== undefined) requireIdentity(scope, 'identity', identity, 'principalId');
  requireTexts(scope, { notify }, ACTION_GROUPS);
}

/**
 * Refuse a source that Stream Analytics cannot read with an identity: a queue, or an IoT hub.
 * @throws SettingError
 */
export function requireSource(scope: IConstruct, source: DirectSource) {
  // A store has `bindDelivery` too, and hands out no records.
  const { bindDelivery, deliverTo } = (source ?? {}) as Partial<DirectSource & RecordSource>;
  if (typeof bindDelivery === 'function' && typeof deliverTo === 'function') return;
  const remedy = 'Give an EventHubBuffer. A queue is read by a FunctionProcessor; an IoT hub sends its messages to an event hub.';
  throw new SettingError(scope, 'source must be a hub', 'another source', remedy);
}

/**
 * Refuse outputs that Stream Analytics cannot write to with an identity.
 * @throws SettingError
 */
export function requireOutputs(scope: IConstruct, outputs: Outputs, source: DirectSource) {
  const refuse = (rule: string, got: string, remedy: string): never => {
    throw new SettingError(scope, `outputs must ${rule}`, got, remedy);
  };
  const isMap = typeof outputs === 'object' && outputs !== null && !Array.isArray(outputs);
  if (!isMap || Object.keys(outputs).length === 0) refuse('have at least one output', 'none', 'Write them like { store }.');
  const all = Object.entries(outputs);
  for (const [index, [name, output]] of all.entries()) {
    if (!OUTPUT.test(name))
      refuse('be named in 3 to 63 letters, digits, hyphens and underscores', JSON.stringify(name.slice(0, 63)), 'Start with a letter.');
    if (name.toLowerCase() === INPUT) refuse('have other names than the input', JSON.stringify(name), 'Choose another name.');
    if ((output as unknown) === source) refuse('not be the source', `the source as ${name}`, 'Each row would be read again, without end.');
    const isSink = isRecordSink(output);
    if (!isSink && typeof output?.bindDelivery !== 'function')
      refuse('be stores of objects, hubs or Service Bus queues', `another ${name}`, WORKS);
    if (isSink && !SENDS_TO.includes(output.sendRequest.audience))
      refuse('be stores of objects, hubs or Service Bus queues', `another queue for ${name}`, WORKS);
    const same = all.slice(0, index).find(([, other]) => other === output)?.[0];
    if (same !== undefined)
      refuse('each have a neighbour of their own', `the same for ${same} and ${name}`, 'Write both INTO one of them.');
  }
}

/**
 * The query of a job. With several outputs it cannot be guessed. For a hub or a queue it must name its columns: Azure adds some to `*`
 * whose names are no attributes of an event, so each message would go to the dead letter of its reader. A query that is known only at
 * deploy is checked by Azure alone.
 * @throws SettingError
 */
export function queryOf(scope: IConstruct, outputs: Outputs, query?: string): string {
  const names = Object.keys(outputs);
  const messages = names.filter((name) => isRecordSink(outputs[name]!));
  if (query === undefined) {
    if (names.length > 1)
      throw new SettingError(scope, 'query is required for several outputs', names.join(' and '), 'Write a query that writes INTO each.');
    if (messages.length === 0) return passThrough(names[0]!);
    const remedy = "Name the attributes of an event, and a column such as 'event' AS [kind]. SPIKES_AND_DIPS does.";
    throw new SettingError(scope, 'query is required for a hub or a queue', names[0]!, remedy);
  }
  if (typeof query !== 'string') throw new SettingError(scope, 'query must be a text', typeof query, 'Read it from a file.');
  if (!Token.isUnresolved(query)) requireNames(scope, query, { names, messages });
  return query;
}
