import { setTimeout as pause } from 'node:timers/promises';
import { parse } from '../../../../shared/runtime/json';
import { isLoopback } from '../../loopback';

/** How a REST API is read. */
export interface PagesProps {
  /** The headers of each request, such as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * After how many milliseconds without an answer a request fails.
   * @default 30000
   */
  readonly timeout?: number;
  /**
   * The first pause before a request is tried again, in milliseconds. Each is twice as long as the one before.
   * @default 1000
   */
  readonly pauseMs?: number;
}

/** How often a page is asked for, and the longest pause that an API may ask for, in milliseconds. */
const [TRIES, LONGEST_PAUSE] = [6, 60_000];

/** An answer after which the same request can succeed: too many requests, or the API is down. */
class Busy extends Error {
  override readonly name = 'Busy';

  constructor(
    status: number,
    readonly pause: number | undefined,
  ) {
    super(`the API answered ${status}`);
  }
}

/**
 * The objects of a list of a REST API, page by page: each page is a JSON array, and has the address of the next one in its header
 * `Link`, with `rel="next"`, as those of GitHub, GitLab and WordPress. Sort the list by something that does not change, such as the time
 * of creation: otherwise an item can move to a page that was read before, and is missing.
 *
 * No digit of a number is lost. A request is tried again after 429 and 5xx. The headers are sent to the host of the first page only.
 * @throws Error if a page cannot be read
 * @see https://www.rfc-editor.org/rfc/rfc8288
 */
export async function* pages(first: string, props: PagesProps): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const { protocol, host, origin } = new URL(first);
  if (protocol !== 'https:' && !isLoopback(host)) throw new Error('the address of the first page must start with https://');
  requireHeaders(props.headers);
  const read = new Set<string>();
  for (let page: string | undefined = first; page !== undefined; ) {
    if (read.has(page)) throw new Error('a page names a page as the next one that was read before');
    read.add(page);
    const { items, link } = await pageOf(page, props);
    yield* items;
    const next = nextIn(link);
    page = next === undefined ? undefined : new URL(next, page).href;
    if (page !== undefined && new URL(page).origin !== origin)
      throw new Error(`the next page must be on ${host}, got ${new URL(page).host}`);
  }
}

/** Refuse a header that `fetch` would refuse: its error shows the value, which can be a token. */
function requireHeaders(headers: PagesProps['headers']) {
  const wrong = Object.keys(headers).find((name) => !/^[\t -~]*$/.test(headers[name]!.trim()));
  if (wrong !== undefined) throw new Error(`the header ${wrong} must be one line of ASCII`);
}

async function pageOf(page: string, props: PagesProps) {
  for (let tries = 1; ; tries++) {
    try {
      return await requested(page, props);
    } catch (error) {
      // `fetch` throws a TypeError without an answer.
      const isPassing = error instanceof Busy || error instanceof TypeError || (error as Error).name === 'TimeoutError';
      if (!isPassing || tries === TRIES) throw error instanceof TypeError ? noAnswer(error) : error;
      const { pauseMs = 1000 } = props;
      const asked = error instanceof Busy ? error.pause : undefined;
      await pause(Math.min(asked ?? pauseMs * 2 ** (tries - 1), LONGEST_PAUSE));
    }
  }
}

/** What `fetch` says of a lost connection is in its cause only. */
function noAnswer({ message, cause }: TypeError): Error {
  return new Error(`the API gave no answer: ${cause instanceof Error ? cause.message : message}`);
}

async function requested(page: string, { headers, timeout = 30_000 }: PagesProps) {
  // A redirect may lead to another host, which must not get the headers.
  const answer = await fetch(page, { method: 'GET', headers, redirect: 'manual', signal: AbortSignal.timeout(timeout) });
  const text = await answer.text();
  if (answer.status === 429 || answer.status >= 500) throw new Busy(answer.status, pauseIn(answer.headers.get('retry-after')));
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  const items = parse(text);
  if (!Array.isArray(items) || !items.every(isObject)) throw new Error('a page must be a JSON array of objects');
  return { items, link: answer.headers.get('link') };
}

/** The milliseconds in a header `Retry-After`, which has seconds or a date. */
function pauseIn(header: string | null): number | undefined {
  if (header === null) return undefined;
  const pause = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(pause) ? undefined : Math.max(pause, 0);
}

/** The target of the link with the relation `next`, which can be one of several relations. */
function nextIn(link: string | null): string | undefined {
  const next = link?.split(/,\s*(?=<)/).find((one) => {
    const [, quoted, bare = ''] = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(one) ?? [];
    return (quoted ?? bare).toLowerCase().split(/\s+/).includes('next');
  });
  return next === undefined ? undefined : /^\s*<([^>]+)>/.exec(next)?.[1];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
