import { treeOf } from '../contents';
import type { Made } from '../made';
import type { Blueprint, Platform, Receipt, Surroundings } from '../platform';

/** What a made-up platform does. */
export interface Conduct {
  /** How the door answers. */
  readonly door?: (body: Buffer, number: number) => Receipt;
  /** What becomes of an event that the door took. */
  readonly fate?: (body: Buffer, number: number) => 'stored' | 'dead' | 'lost' | 'stuck' | 'broken' | 'dropped';
  /** What of the template is refused. */
  readonly refused?: string;
}

/** The transform of made-up events: each is stored as it came. */
export const asItCame = (body: Buffer): Made => {
  const event = treeOf(body.toString());
  return event === undefined ? { reason: 'no JSON' } : { rows: [event], event };
};

/** A platform in a few lines, that keeps its events in memory and does as it is told. */
export function madeUp({ door, fate = () => 'stored', refused }: Conduct = {}) {
  let comesIn = (_: Buffer) => {};
  const done = { started: 0, stopped: 0, inFlight: 0, mostInFlight: 0 };
  const start = async ({ witness }: Surroundings): Promise<Platform> => {
    done.started += 1;
    let number = 0;
    const stuck: Buffer[] = [];
    const kept = { stored: [] as Buffer[], dead: [] as Buffer[] };
    const row = (body: Buffer) => {
      const { source, id } = JSON.parse(body.toString());
      return { event: { source, id }, text: body.toString(), place: 'here' };
    };
    const take = (body: Buffer, mine: number): Receipt => {
      const receipt: Receipt = door?.(body, mine) ?? { accepted: true, position: `p-${mine}` };
      if (!receipt.accepted) return receipt;
      const positions = [receipt.position];
      witness.delivered({ positions, attempt: 1, from: 'shard 1' });
      const what = fate(body, mine);
      if (what === 'stuck' || what === 'broken') stuck.push(body);
      if (what === 'broken') witness.broken('the app does not load');
      if (what === 'stored' || what === 'dead') kept[what].push(body);
      if (what === 'stored') witness.stored([row(body)]);
      if (what === 'dead') witness.deadLettered({ bytes: body, reason: 'bad', place: 'there' });
      if (what === 'dropped') witness.answered({ positions, outcome: 'settled' });
      return receipt;
    };
    comesIn = (body) => {
      number += 1;
      witness.arrived(body)(take(body, number));
    };
    return {
      replays: [],
      places: { send: 'send', store: 'store', deadLetter: 'dead letter' },
      send: async (body) => {
        number += 1;
        const mine = number;
        done.inFlight += 1;
        done.mostInFlight = Math.max(done.mostInFlight, done.inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        done.inFlight -= 1;
        return take(body, mine);
      },
      unsettled: () => stuck.length,
      rows: async function* () {
        yield* kept.stored.map(row);
      },
      letters: async () => kept.dead.map((bytes) => ({ bytes, reason: 'bad', place: 'there' })),
      stop: async () => {
        done.stopped += 1;
      },
    };
  };
  const coverage = [
    { type: 'Queue', resource: 'Buffer', property: '', treatment: 'emulated' as const },
    { type: 'Queue', resource: 'Buffer', property: 'Size', treatment: 'emulated' as const },
    { type: 'Alarm', resource: 'Late', property: '', treatment: 'no effect here' as const },
    ...(refused ? [{ type: 'Queue', resource: 'Buffer', property: refused, treatment: 'refused' as const, why: 'nobody knows it' }] : []),
  ];
  const blueprint: Blueprint = { coverage, overrides: ['QUEUE = the stand-in'], start };
  return { blueprint, done, byHand: (body: Buffer) => comesIn(body) };
}
