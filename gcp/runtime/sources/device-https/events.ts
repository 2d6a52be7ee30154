import { isUtf8 } from 'node:buffer';
import { InvalidEvent, toEvent } from '../../../../shared/runtime/contract';
import type { Event } from '../../../../shared/runtime/event';
import { parse } from '../../../../shared/runtime/json';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { Denied } from './denied';

/** The most events of one request. Pub/Sub takes no more messages in one. */
const MAX_EVENTS = 1000;

/** One event of a request, or why it is none. */
export type Checked = { readonly event: Event } | { readonly reason: string };

/** The events of a request. */
export interface Delivery {
  /** Whether the body is a list, so that the answer is one too. */
  readonly isBatch: boolean;
  readonly checked: readonly Checked[];
}

/**
 * Read the events of a body: one, or a list of them. Each gets the source, whatever its own says.
 * @throws Denied if the body is not JSON, or has no events or too many
 */
export function eventsOf(body: Buffer, source: string): Delivery {
  const value = parsed(body);
  const isBatch = Array.isArray(value);
  const values: readonly unknown[] = isBatch ? value : [value];
  if (values.length < 1 || values.length > MAX_EVENTS) {
    throw new Denied(400, `InvalidEvent: a batch must have 1 to ${MAX_EVENTS} events, got ${values.length}`);
  }
  return { isBatch, checked: values.map((one) => check(one, source)) };
}

function check(value: unknown, source: string): Checked {
  try {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return { event: toEvent(isObject ? { ...value, source } : value) };
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

function parsed(body: Buffer): unknown {
  try {
    if (!isUtf8(body)) throw new InvalidEvent('not UTF-8');
    return parse(body.toString());
  } catch (error) {
    throw new Denied(400, inOneLine(error));
  }
}
