import type { RefusedError } from '../../platform';
import { millisecondsOf, type Registration } from '../functions/functions-app';
import { readTrigger } from '../functions/trigger';

/** The trigger of a function and its retry policy, as the app registered it, with the values of app settings. */
export interface EventHubTrigger {
  /** The name of the function. */
  readonly name: string;
  /** The name of the input binding of the trigger. */
  readonly input: string;
  readonly host: string;
  readonly hub: string;
  readonly consumerGroup: string;
  /** The identity that reads. */
  readonly clientId: string;
  /** Without it, a batch is not retried. */
  readonly retry?: Retry;
}

/** How often a batch is retried, and how long the host waits before a retry. */
export interface Retry {
  /** -1 means no limit. */
  readonly maxRetryCount: number;
  /** The pause before retry number `retry`, from 1, in milliseconds. */
  pause(retry: number): number;
}

/** Read the only function of an app. */
export function readHubTrigger(functions: readonly Registration[], settings: Readonly<Record<string, string>>): EventHubTrigger {
  const { name, input, clientId, registered, connection, property, refuse } = readTrigger(functions, settings, {
    expected: { type: 'eventHubTrigger', cardinality: 'many', dataType: 'binary' },
    known: ['eventHubName', 'consumerGroup'],
  });
  return {
    name,
    input,
    host: connection('__fullyQualifiedNamespace'),
    hub: property('eventHubName'),
    consumerGroup: property('consumerGroup', '$Default'),
    clientId,
    retry: readRetry(registered, refuse),
  };
}

/**
 * The pause is the minimum interval plus an amount that doubles with each retry, up to the maximum interval. The real host
 * changes that amount randomly by a fifth.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retry-policies
 */
function readRetry({ retryOptions }: Registration, refuse: (property: string, why: string) => RefusedError): Retry | undefined {
  if (!retryOptions) return undefined;
  const { retryStrategy, maxRetryCount = Number.NaN, minimumInterval, maximumInterval } = retryOptions;
  if (retryStrategy !== 'exponentialBackoff') throw refuse('retry', `${retryStrategy} is not emulated, exponentialBackoff is`);
  if (!Number.isInteger(maxRetryCount) || maxRetryCount < -1) throw refuse('retry', `the count ${maxRetryCount} is not emulated`);
  const [shortest, longest] = [millisecondsOf(minimumInterval), millisecondsOf(maximumInterval)];
  return { maxRetryCount, pause: (retry) => Math.min(longest, retry === 1 ? shortest : shortest + shortest * 2 ** (retry - 2)) };
}
