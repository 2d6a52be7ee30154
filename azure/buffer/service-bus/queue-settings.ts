import type { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { ServicebusQueueConfig } from '@cdktf/provider-azurerm/lib/servicebus-queue';
import type { IConstruct } from 'constructs';
import { type NumberRule, requireNumber } from '../../../shared/synth/settings';
import type { Binding } from '../../ports/identity';

const RETENTION: NumberRule = { from: 1, to: 90, unit: 'days', remedy: 'A queue is no store: keep old events in one.' };
const DEDUPLICATE: NumberRule = { from: 0, to: 10_080, unit: 'minutes', remedy: 'Service Bus remembers a MessageId for at most 7 days.' };
const LOCK: NumberRule = { from: 5, to: 300, unit: 'seconds', remedy: 'Service Bus has no longer locks. The Functions host renews them.' };
const SIZE: NumberRule = { from: 1, to: 5, unit: 'GB', remedy: 'The Standard tier has no larger queues.' };

/**
 * How often the queue itself delivers a message before it gives it up. The handler gives up much earlier, after `maxRetries`:
 * what is delivered that often could be written neither to the store nor to the dead letter, for about six hours.
 */
const MAX_DELIVERIES = 100;

/** A binding, with the role assignment that it created. */
export interface BusBinding extends Binding {
  readonly role: RoleAssignment;
}

/** The settings of a new queue. */
export type Shape = Pick<
  ServicebusQueueConfig,
  | 'deadLetteringOnMessageExpiration'
  | 'defaultMessageTtl'
  | 'duplicateDetectionHistoryTimeWindow'
  | 'lockDuration'
  | 'maxDeliveryCount'
  | 'maxSizeInMegabytes'
  | 'requiresDuplicateDetection'
>;

/** Settings of the buffer that are settings of its queue. */
interface QueueSettings {
  readonly retentionDays?: number;
  readonly deduplicateMinutes?: number;
  readonly lockSeconds?: number;
  readonly maxSizeGb?: number;
}

/**
 * The settings of the queue. Expired messages go to its dead letter: by default, Service Bus deletes them.
 * @throws SettingError
 */
export function queueShape(scope: IConstruct, settings: QueueSettings): Shape {
  const { retentionDays = 14, deduplicateMinutes = 60, lockSeconds = 300, maxSizeGb = 5 } = settings;
  requireNumber(scope, { retentionDays }, RETENTION, 'known');
  requireNumber(scope, { deduplicateMinutes }, DEDUPLICATE, 'known');
  requireNumber(scope, { lockSeconds }, LOCK, 'known');
  requireNumber(scope, { maxSizeGb }, SIZE, 'known');
  return {
    defaultMessageTtl: `P${retentionDays}D`,
    deadLetteringOnMessageExpiration: true,
    lockDuration: isoMinutes(lockSeconds),
    maxDeliveryCount: MAX_DELIVERIES,
    maxSizeInMegabytes: maxSizeGb * 1024,
    requiresDuplicateDetection: deduplicateMinutes > 0,
    duplicateDetectionHistoryTimeWindow: deduplicateMinutes > 0 ? isoMinutes(deduplicateMinutes * 60) : undefined,
  };
}

/** The start of the app settings that override the Service Bus section of `host.json`. */
const HOST = 'AzureFunctionsJobHost__extensions__serviceBus';

/**
 * The app settings for how the Functions host reads the queue. It renews the lock of a message for as long as a call may take.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
 */
export function triggerSettings(maxRetries: number, maxConcurrency: number): Readonly<Record<string, string>> {
  return {
    EVENTS_MAX_RETRIES: String(maxRetries),
    [`${HOST}__maxConcurrentCalls`]: String(maxConcurrency),
    [`${HOST}__maxAutoLockRenewalDuration`]: '00:10:00',
  };
}

/** A duration as Azure returns it: another spelling would be a change at each plan. `90` seconds are `PT1M30S`. */
function isoMinutes(seconds: number): string {
  const [days, hours, minutes, rest] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const time = [hours && `${hours}H`, minutes && `${minutes}M`, rest && `${rest}S`].filter(Boolean).join('');
  return `P${days ? `${days}D` : ''}${time && `T${time}`}`;
}
