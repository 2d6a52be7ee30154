import { Ledger } from '../ledger';
import { type Message, Story } from '../story';

test.each(['before', 'after'])(
  'an event that the transform drops is at its end when its batch is done, %s the door has answered',
  (when) => {
    const ledger = new Ledger(() => ({ rows: [], event: {} }));
    const told: Message[] = [];
    const story = new Story(ledger, (message) => told.push(message));
    const entry = ledger.open({ kind: 'test', body: Buffer.from('{}') });
    const hear = () => story.received(entry, { accepted: true, position: 'p' });
    if (when === 'after') hear();
    story.delivered({ positions: ['p'], attempt: 1, from: 'shard 1' });
    story.answered({ positions: ['p'], outcome: 'again' });
    story.answered({ positions: ['p'], outcome: 'settled' });
    if (when === 'before') hear();
    story.answered({ positions: ['p'], outcome: 'settled' });
    story.tellCounts(0);
    expect(told.filter(({ kind }) => kind !== 'incident')).toEqual([
      {
        kind: 'way',
        number: 1,
        event: 'test',
        way: ['p', '1 event of shard 1', 'again', 'dropped by the transform'],
        end: 'dropped',
        byHand: false,
      },
      { kind: 'counts', counts: { sent: 1, rejected: 0, buffered: 0, deliveries: 1, stored: 0, deadLettered: 0, dropped: 1 } },
    ]);
  },
);
