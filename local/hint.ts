import type { Balance } from './balance';
import { many } from './text';

/** The start of the reasons for events that break the contract, in the first service and in the handler. */
const OF_CONTRACT = /^(\d+ )?(InvalidEvent|SyntaxError|RangeError|Invalid request body)/;

/** What to do if all events were refused or are in the dead letter. Such a run fails. */
export function hintOf({ sent, rejected, deadLettered }: Balance): string | undefined {
  const reasons = Object.entries({ ...rejected, ...deadLettered }).sort(([, a], [, b]) => b - a);
  const [most] = reasons;
  if (!most || reasons.reduce((sum, [, count]) => sum + count, 0) < sent) return undefined;
  const [reason, count] = most;
  const whose = OF_CONTRACT.test(reason)
    ? 'The events break the contract, shared/runtime/event.schema.json.'
    : 'The reason comes from your transform, shared/runtime/transform.ts, or from the store.';
  return `Nothing was stored. The reason for ${many(count, 'event')}: ${reason}\n${whose} ${OWN_EVENTS}`;
}

const OWN_EVENTS =
  'Send your own events with --events FILE, one JSON object in each line. To start from the sample events: npm run --silent local -- --samples > my.ndjson';
