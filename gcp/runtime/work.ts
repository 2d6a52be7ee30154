import { inOneLine } from '../../shared/runtime/verdict';
import { log } from './pub-sub/settle';
import { isTrial } from './pub-sub/trial';

/**
 * Work until the instance is stopped. If the work fails, the process ends, and Cloud Run starts another one. A trial process does not
 * work: it waits for the events that it is sent.
 * @see https://cloud.google.com/run/docs/container-contract
 */
export function work(run: (stop: AbortSignal) => Promise<void>): void {
  if (isTrial()) return;
  const stopping = new AbortController();
  process.on('SIGTERM', () => stopping.abort());
  run(stopping.signal).then(
    () => process.exit(0),
    (error: unknown) => {
      log('ERROR', 'The process ends.', { error: inOneLine(error) });
      process.exit(1);
    },
  );
}
