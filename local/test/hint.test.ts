import type { Balance } from '../balance';
import { hintOf } from '../hint';

const books = (more: Partial<Balance>): Balance => ({
  sent: 10,
  made: 0,
  accepted: 10,
  rejected: {},
  stored: 0,
  dropped: 0,
  deadLettered: {},
  inBoth: 0,
  changedAtDoor: 0,
  duplicatesRemoved: 0,
  faults: [],
  ...more,
});

test('where all is in the dead letter the hint says why, whose reason that is, and how to send other events', () => {
  const hint = hintOf(
    books({ accepted: 8, rejected: { '400 no id': 2 }, deadLettered: { 'PermanentError: a press without readings': 7, other: 1 } }),
  );
  expect(hint).toMatch(/^Nothing was stored\. The reason for 7 events: PermanentError: a press without readings\n/);
  expect(hint).toContain('The reason comes from your transform, shared/runtime/transform.ts, or from the store.');
  expect(hint).toContain('--events FILE, one JSON object in each line');
  expect(hint).toContain('-- --samples > my.ndjson');
});

test.each(['InvalidEvent: id must be string', 'SyntaxError: not JSON', '400 Invalid request body [/id must be string]'])(
  'events that break the contract are told from a transform that refuses them: %s',
  (reason) => expect(hintOf(books({ deadLettered: { [reason]: 10 } }))).toContain('The events break the contract'),
);

test.each<[string, Partial<Balance>]>([
  ['something is stored', { stored: 1, deadLettered: { bad: 9 } }],
  ['the transform drops something', { dropped: 1, deadLettered: { bad: 9 } }],
  ['something is lost', { deadLettered: { bad: 9 } }],
  ['nothing was sent', { sent: 0, accepted: 0 }],
])('there is none where %s', (_, more) => expect(hintOf(books(more))).toBeUndefined());
