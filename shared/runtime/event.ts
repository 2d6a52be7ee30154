/**
 * A CloudEvents 1.0 event, as `event.schema.json` describes it.
 *
 * So that no digit is lost, whole numbers beyond ±2^53 in `data` arrive as `bigint`, and other numbers that a double cannot
 * hold as `ExactNumber`, which calculates like one. An attribute that is `null` does not arrive: it is unset.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface Event {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly partitionkey?: string;
  readonly data?: unknown;
  /** Bytes in place of `data`, in base64. Nothing decodes them before the transform, and as they are they are stored. */
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

/** What is stored of an event: one line of an object, or one row of a table. */
export type Row = Readonly<Record<string, unknown>>;

/** Turns an event into a row, several rows, or nothing. It is pure: the same event gives the same rows, always. */
export type Transform = (event: Event) => Row | readonly Row[] | undefined;

/** Says that an event can never work. The event goes to the dead letter at once, with this message as its reason. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}
