import { Poster, type Reply } from '../../http';
import type { Pace } from '../../pace';
import type { Receipt } from '../../platform';
import { isRecord } from '../../template/stack';

const TRIES = 4;
const FIRST_PAUSE_MILLISECONDS = 200;

/** Sends events as a client of the API does: what it is told to try again, it tries again, a few times. */
export class Sender {
  private readonly poster = new Poster();

  constructor(
    private readonly url: string,
    private readonly pace: Pace,
  ) {}

  /** @throws Error when the API turns the event away though nothing is wrong with it */
  async send(body: Buffer): Promise<Receipt> {
    for (let tried = 1; ; tried += 1) {
      const reply = await this.poster.post(this.url, { 'content-type': 'application/json' }, body);
      const answer = parsed(reply);
      if (reply.status >= 200 && reply.status < 300) return { accepted: true, position: positionOf(answer, reply) };
      if (reply.status < 500 && reply.status !== 429) return { accepted: false, reason: reasonOf(answer, reply) };
      if (tried === TRIES) throw new Error(`${this.url} answered ${reply.status} at each of ${TRIES} tries: ${reply.body}`);
      await this.pace.wait(FIRST_PAUSE_MILLISECONDS * 2 ** tried);
    }
  }

  stop() {
    this.poster.close();
  }
}

function positionOf(answer: Readonly<Record<string, unknown>>, { body }: Reply): string {
  if (typeof answer.SequenceNumber === 'string') return answer.SequenceNumber;
  throw new Error(`the API took the event, and its answer holds no SequenceNumber: ${body}`);
}

function reasonOf({ message, reason }: Readonly<Record<string, unknown>>, { status, body }: Reply): string {
  return `${status} ${[message, reason].filter((part) => typeof part === 'string').join(' ') || body}`;
}

function parsed({ body }: Reply): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
