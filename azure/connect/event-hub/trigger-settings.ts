import type { IConstruct } from 'constructs';
import { type NumberRule, requireNumber } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';

const BATCH: NumberRule = { from: 1, to: 1000, unit: 'events', remedy: 'A larger batch may not fit into the memory of a function.' };
const WINDOW: NumberRule = { from: 0, to: 300, unit: 'seconds', remedy: 'The Functions host does not wait longer.' };
const RETRIES: NumberRule = { from: 1, to: 20, unit: 'retries', remedy: 'Without a limit, one bad batch blocks its partition.' };

/** The start of the app settings that override the Event Hubs section of `host.json`. */
const HOST = 'AzureFunctionsJobHost__extensions__eventHubs';

/**
 * The app settings for how the Functions host fills a batch, and how often a batch is retried.
 * @throws SettingError
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings
 */
export function triggerSettings(scope: IConstruct, delivery: Delivery): Readonly<Record<string, string>> {
  const batchSize = delivery.batchSize ?? 1000;
  const batchWindowSeconds = delivery.batchWindowSeconds ?? 60;
  const maxRetries = delivery.maxRetries ?? 5;
  requireNumber(scope, { batchSize }, BATCH, 'known');
  requireNumber(scope, { batchWindowSeconds }, WINDOW, 'known');
  requireNumber(scope, { maxRetries }, RETRIES, 'known');
  return {
    EVENTS_MAX_RETRIES: String(maxRetries),
    [`${HOST}__maxEventBatchSize`]: String(batchSize),
    [`${HOST}__minEventBatchSize`]: String(batchWindowSeconds > 0 ? batchSize : 1),
    [`${HOST}__maxWaitTime`]: new Date(batchWindowSeconds * 1000).toISOString().slice(11, 19),
  };
}
