import { Poster } from '../../http';
import type { Pace } from '../../pace';
import type { Receipt } from '../../platform';
import { isRecord } from '../../template/stack';

const TRIES = 4;
const FIRST_PAUSE_MILLISECONDS = 200;

/** A header of the requests that the run sends. A request without it was sent by hand. */
export const SENT_BY_RUN = 'x-sent-by-run';

/** Sends events like a client of the API, with a few retries. */
export class Sender {
  private readonly poster = new Poster();

  constructor(
    private readonly api: { readonly url: string; positionOf(requestId: string): string | undefined },
    private readonly pace: Pace,
  ) {}

  /** @throws Error if the API responds with 429 or a server error at all tries */
  async send(body: Buffer): Promise<Receipt> {
    const { url } = this.api;
    for (let tried = 1; ; tried += 1) {
      const {
        status,
        headers,
        body: bytes,
      } = await this.poster.post(url, { 'content-type': 'application/json', [SENT_BY_RUN]: 'yes' }, body);
      const text = bytes.toString();
      if (status >= 200 && status < 300) return { accepted: true, position: this.positionIn(String(headers['x-amzn-requestid']), text) };
      if (status < 500 && status !== 429) return { accepted: false, reason: reasonOf(status, text) };
      if (tried === TRIES) throw new Error(`${url} answered ${status} at each of ${TRIES} tries: ${text}`);
      await this.pace.wait(FIRST_PAUSE_MILLISECONDS * 2 ** tried);
    }
  }

  stop() {
    this.poster.close();
  }

  /** The position from the service, which must also be in the response: the mapping template writes the response. */
  private positionIn(requestId: string, answer: string): string {
    const position = this.api.positionOf(requestId);
    if (position === undefined) throw new Error(`the API accepted the event, but did not put it into the buffer: ${answer}`);
    if (Object.values(parsed(answer)).includes(position)) return position;
    throw new Error(`the API accepted the event, but its response does not contain the position ${position}: ${answer}`);
  }
}

/** Why the API rejected an event. */
export function reasonOf(status: number, text: string): string {
  const { message, reason } = parsed(text);
  return `${status} ${[message, reason].filter((part) => typeof part === 'string').join(' ') || text}`;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
