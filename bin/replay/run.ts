import type { Journal } from './journal';
import type { DeadLetter, Letter, Parcel } from './letter';

/** Which dead letters are selected, and whether they are sent. */
export interface Wish {
  readonly yes: boolean;
  /** A part of the reason, in upper or lower case. */
  readonly reason?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit?: number;
}

/** The result of a replay. */
export interface Outcome {
  /** How many were sent, or would be, by reason. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly to: ReadonlySet<string>;
  readonly oldest?: Date;
  readonly newest?: Date;
  readonly sent: number;
  /** How many an earlier run sent and did not delete. */
  readonly known: number;
  /** How many are not selected. */
  readonly others: number;
  /** Why some selected ones could not be sent or deleted. */
  readonly failures: readonly string[];
  readonly deleted: number;
}

/** The number of dead letters that are sent concurrently. */
const AT_A_TIME = 10;
/** After this number of failures in a row, the replay stops. */
const ENOUGH = 20;

/**
 * Send dead letters to the buffer again. A parcel is deleted after the buffer has accepted all its dead letters. What fails is not
 * deleted.
 * @param stopped stops the replay after the dead letters that are being sent
 */
export async function replay(
  deadLetter: DeadLetter,
  wish: Wish,
  journal: Journal,
  { stopped, progress = () => {} }: { readonly stopped: AbortSignal; progress?(sent: number): void },
): Promise<Outcome> {
  const reasons = new Map<string, number>();
  const to = new Set<string>();
  const failures: string[] = [];
  const times: number[] = [];
  let [sent, known, others, deleted, inARow] = [0, 0, 0, 0, 0];

  const isMeant = (letter: Letter) =>
    (wish.reason === undefined || letter.reason.toLowerCase().includes(wish.reason.toLowerCase())) &&
    (wish.since === undefined || letter.givenUp >= wish.since) &&
    (wish.until === undefined || letter.givenUp < wish.until);

  /** @returns whether the buffer has accepted it */
  const settle = async (letter: Letter): Promise<boolean> => {
    if (journal.has(letter.id)) {
      known += 1;
      return true;
    }
    const isOver = stopped.aborted || sent >= (wish.limit ?? Number.POSITIVE_INFINITY) || inARow >= ENOUGH;
    if (isOver || !isMeant(letter)) {
      others += 1;
      return false;
    }
    sent += 1;
    reasons.set(letter.reason, (reasons.get(letter.reason) ?? 0) + 1);
    to.add(letter.to);
    const time = letter.givenUp.getTime();
    times[0] = Math.min(times[0] ?? time, time);
    times[1] = Math.max(times[1] ?? time, time);
    if (!wish.yes) return false;
    try {
      await letter.send();
      journal.add(letter.id);
      inARow = 0;
      progress(sent);
      return true;
    } catch (error) {
      sent -= 1;
      inARow += 1;
      failures.push(`${letter.id}: ${(error as Error).message}`);
      return false;
    }
  };

  const settleParcel = async ({ letters, remove }: Parcel) => {
    let isDone = true;
    for (let start = 0; start < letters.length; start += AT_A_TIME) {
      const accepted = await Promise.all(letters.slice(start, start + AT_A_TIME).map(settle));
      if (accepted.includes(false)) isDone = false;
    }
    if (isDone && wish.yes) {
      try {
        await remove();
        deleted += letters.length;
      } catch (error) {
        failures.push(`sent, and not deleted: ${(error as Error).message}`);
      }
    }
  };

  try {
    const lanes: Parcel[] = [];
    const settleLanes = async () => void (await Promise.all(lanes.splice(0).map(settleParcel)));
    for await (const parcel of deadLetter.parcels()) {
      lanes.push(parcel);
      if (lanes.length >= AT_A_TIME) await settleLanes();
      if (stopped.aborted || inARow >= ENOUGH || (wish.limit !== undefined && sent >= wish.limit)) break;
    }
    await settleLanes();
  } finally {
    await deadLetter.release();
  }
  const [oldest, newest] = times.map((time) => new Date(time));
  return { reasons, to, oldest, newest, sent, known, others, failures, deleted };
}
