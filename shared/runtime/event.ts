/**
 * A CloudEvents 1.0 event, as `event.schema.json` describes it.
 *
 * No digit is lost: whole numbers beyond ±2^53 in `data` are `bigint`, and other numbers that a double cannot represent are
 * `ExactNumber`, which can be used in calculations like a number. Attributes that are `null` are removed.
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
  /** Bytes in base64, instead of `data`. They are not decoded before the transform, and are stored as base64. */
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

/** What is stored of an event: one line of an object, or one row of a table. */
export type Row = Readonly<Record<string, unknown>>;

/** Turns an event into a row, several rows, or nothing. It must be pure: the same event always gives the same rows. */
export type Transform = (event: Event) => Row | readonly Row[] | undefined;

/** Throw it for an event that can never be processed. The event goes to the dead letter at once, with this message as the reason. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}
