import { createServer, type RequestListener } from 'node:http';

/** How long a request may take to arrive, in milliseconds. */
const [HEADERS, REQUEST] = [10_000, 30_000];
/** Longer than the front end of Google keeps a connection open, so that it never writes into one that was just closed. */
const KEEP_ALIVE = 620_000;

/**
 * Answer requests on the port that Cloud Run sets. When an instance is stopped, it takes no more connections, and ends after its open
 * requests.
 * @see https://cloud.google.com/run/docs/container-contract
 */
export function serve(listener: RequestListener) {
  const server = createServer({ headersTimeout: HEADERS, requestTimeout: REQUEST, keepAliveTimeout: KEEP_ALIVE }, listener);
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    // A connection with an open request is idle only after the answer.
    setInterval(() => server.closeIdleConnections(), 100);
  });
  server.listen(Number(process.env.PORT ?? 8080));
}
