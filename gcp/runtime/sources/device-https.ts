import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Made, Sink } from '../../../shared/runtime/sink';
import { inOneLine } from '../../../shared/runtime/verdict';
import { bodyOf, lengthOf } from './device-https/body';
import { Denied } from './device-https/denied';
import { type Checked, eventsOf } from './device-https/events';
import { log } from './device-https/log';
import { type Registry, RegistryBusy } from './device-https/registry';
import { deviceOf, type TokenRules } from './device-https/token';

/** What the source calls, and what it is told. */
export interface DeviceHttpsSourceProps<Stored> extends TokenRules {
  readonly sink: Sink<Stored>;
  /** The public keys of the devices. */
  readonly registry: Registry;
  /** The start of the `source` of each event. The id of the device follows it. */
  readonly source: string;
  /** How many bytes of requests may be in memory at a time. Those of one device may have half of it. */
  readonly openBytes: number;
}

/** The answer to a request. */
interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly retryAfter?: number;
}

/** After how many seconds a device may send again what was not taken: if there were too many requests, and if a service failed. */
const [SOON, LATER] = [1, 10];
const PATH = '/events';

/**
 * Devices that send events by HTTPS: `POST /events` with a token that the device signed, and one event or a list of up to 1000 events
 * as JSON.
 *
 * A request is answered after its events are in the sink, and not before. The body is read after the token is verified, and only
 * while there is room for it in memory: without a token, a request takes none. If the sink or the registry cannot be reached, nothing
 * is accepted, and the device sends all of it again: events can be written twice, and are not lost. What is refused is nowhere but
 * with the device, which gets the reason.
 * @throws RangeError if a limit is not a number above 0
 */
export function deviceHttpsSource<Stored>(props: DeviceHttpsSourceProps<Stored>): RequestListener {
  const { sink, registry, source, openBytes, maxSeconds } = props;
  // A comparison with NaN is false: old tokens would be accepted, and the memory would have no limit.
  if (!(openBytes > 0 && maxSeconds > 0))
    throw new RangeError(`openBytes and maxSeconds must be above 0, got ${openBytes} and ${maxSeconds}`);
  let open = 0;
  const openOf = new Map<string, number>();

  return (request, response) => {
    void answer(request).then((given) => send(response, given));
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    try {
      if (request.url !== PATH) throw new Denied(404, `NotFound: send events to ${PATH}`);
      if (request.method !== 'POST') throw new Denied(405, 'MethodNotAllowed: send events by POST');
      const length = lengthOf(request);
      const device = await identified(request);
      return await withRoom(device, length, () => accept(request, device));
    } catch (error) {
      if (error instanceof Denied) return { status: error.status, body: error.message, retryAfter: error.retryAfter };
      // The device closed the connection, so nobody reads the answer.
      if (request.destroyed && !request.complete) return { status: 400 };
      log('ERROR', 'A request failed.', { error: inOneLine(error) });
      return { status: 500, body: 'InternalError: the request failed', retryAfter: LATER };
    }
  }

  /** A device has half of the room at most, so that a slow or hostile one leaves some to others. */
  async function withRoom(device: string, length: number, work: () => Promise<Answer>): Promise<Answer> {
    const own = openOf.get(device) ?? 0;
    // One request is always let in, whatever the room.
    if (own > 0 && own + length > openBytes / 2) throw new Denied(429, 'TooManyRequests: other requests of the device are open', SOON);
    if (open > 0 && open + length > openBytes) throw new Denied(429, 'TooManyRequests: other requests are open', SOON);
    const add = (bytes: number) => {
      open += bytes;
      const left = (openOf.get(device) ?? 0) + bytes;
      if (left > 0) openOf.set(device, left);
      else openOf.delete(device);
    };
    add(length);
    try {
      return await work();
    } finally {
      add(-length);
    }
  }

  async function accept(request: IncomingMessage, device: string): Promise<Answer> {
    const { isBatch, checked } = eventsOf(await bodyOf(request), `${source}/${device}`);
    const refused = await publish(device, checked);
    const reasons = checked.map((one, index) => ('reason' in one ? one.reason : refused.get(index)));
    const [first, ...more] = reasons.filter((reason) => reason !== undefined);
    if (first !== undefined) log('WARNING', 'Events were refused.', { device, refused: 1 + more.length, reason: first });
    const isAccepted = reasons.includes(undefined);
    if (!isBatch) return isAccepted ? { status: 204 } : { status: 400, body: first };
    const results = reasons.map((reason) => (reason === undefined ? { accepted: true } : { accepted: false, reason }));
    return { status: isAccepted ? 200 : 400, body: JSON.stringify({ results }) };
  }

  async function identified({ headers }: IncomingMessage): Promise<string> {
    try {
      return await deviceOf(headers.authorization, registry, props);
    } catch (error) {
      if (error instanceof Denied) throw error;
      if (error instanceof RegistryBusy) throw new Denied(429, 'TooManyRequests: the registry is busy', SOON);
      log('ERROR', 'The registry cannot be read. Devices send their events again.', { error: inOneLine(error) });
      throw new Denied(503, 'ServiceUnavailable: the registry cannot be read', LATER);
    }
  }

  /** Write the valid events, and tell which the sink refused, by their place in the request. */
  async function publish(device: string, checked: readonly Checked[]): Promise<ReadonlyMap<number, string>> {
    const arrived = new Date();
    const made: Made<Stored>[] = [];
    const refused = new Map<number, string>();
    checked.forEach((one, index) => {
      if ('reason' in one) return;
      const record = { bytes: Buffer.alloc(0), arrived, position: { device, index } };
      try {
        made.push({ stored: sink.encode(one.event, one.event, 0), record });
      } catch (error) {
        refused.set(index, inOneLine(error));
      }
    });
    try {
      for (const { record, reason } of await sink.write({ name: `${device}-${randomUUID()}`, arrived, made })) {
        refused.set(Number(record.position.index), reason);
      }
      return refused;
    } catch (error) {
      log('ERROR', 'The events were not published. The device sends them again.', { device, events: made.length, error: inOneLine(error) });
      throw new Denied(503, 'ServiceUnavailable: the events were not published', LATER);
    }
  }
}

function send(response: ServerResponse, { status, body, retryAfter }: Answer) {
  response.statusCode = status;
  if (status === 401) response.setHeader('www-authenticate', 'Bearer');
  if (status === 405) response.setHeader('allow', 'POST');
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  if (body !== undefined) response.setHeader('content-type', body.startsWith('{') ? 'application/json' : 'text/plain; charset=utf-8');
  response.end(body);
}
