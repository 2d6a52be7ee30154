/** How the Functions host reads a queue. */
export interface Tries {
  readonly retryDelaySeconds: number;
  readonly maxConcurrency: number;
}

/** About a week, in seconds. */
const WEEK = 600_000;

/** The start of the app settings that override the Storage queues section of `host.json`. */
const HOST = 'AzureFunctionsJobHost__extensions__queues';

/**
 * How often the host delivers a message before it moves it to the poison queue. The handler gives up much earlier, after
 * `maxRetries`: what is delivered that often could be written neither to the store nor to the dead letter, for a week or
 * longer. The poison queue deletes it after another week.
 */
function maxDeliveries(retryDelaySeconds: number): number {
  return Math.ceil(WEEK / Math.min(Math.max(retryDelaySeconds, 1), 30));
}

/**
 * The app settings for how the Functions host reads the queue. It takes further messages when about two thirds of the ones before
 * are processed, so that a slow one holds up no others, unless only one is processed at a time.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings
 */
export function triggerSettings(maxRetries: number, { retryDelaySeconds, maxConcurrency }: Tries): Readonly<Record<string, string>> {
  const batchSize = Math.min(Math.ceil((maxConcurrency * 2) / 3), Math.max(maxConcurrency - 1, 1));
  return {
    EVENTS_MAX_RETRIES: String(maxRetries),
    [`${HOST}__maxDequeueCount`]: String(maxDeliveries(retryDelaySeconds)),
    [`${HOST}__visibilityTimeout`]: new Date(retryDelaySeconds * 1000).toISOString().slice(11, 19),
    [`${HOST}__batchSize`]: String(batchSize),
    [`${HOST}__newBatchThreshold`]: String(maxConcurrency - batchSize),
    // The default is base64: a message of a plain sender would be moved to the poison queue unread.
    [`${HOST}__messageEncoding`]: 'none',
  };
}
