import type { Balance } from './balance';
import { many } from './text';

/** What reasons of events begin with that break the contract, at the door and in the handler. */
const OF_CONTRACT = /^(\d+ )?(InvalidEvent|SyntaxError|RangeError|Invalid request body)/;

/** What to do where all that was sent was refused or is in the dead letter: that is a mistake, and no success. */
export function hintOf({ sent, rejected, deadLettered }: Balance): string | undefined {
  const reasons = Object.entries({ ...rejected, ...deadLettered }).sort(([, a], [, b]) => b - a);
  const [most] = reasons;
  if (!most || reasons.reduce((sum, [, count]) => sum + count, 0) < sent) return undefined;
  const [reason, count] = most;
  const whose = OF_CONTRACT.test(reason)
    ? 'The events break the contract, shared/runtime/event.schema.json.'
    : 'So says your transform, shared/runtime/transform.ts, or the store.';
  return `Nothing was stored. The reason of ${many(count, 'event')}: ${reason}\n${whose} ${OWN_EVENTS}`;
}

const OWN_EVENTS =
  'Send events that it takes with --events FILE, one JSON object in each line. To start from the sample events: npm run --silent local -- --samples > my.ndjson';
