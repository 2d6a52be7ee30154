import { RefusedError } from '../../platform';
import { millisecondsOf, type Registration } from './functions-app';

type Settings = Readonly<Record<string, string>>;

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
export function readTrigger(functions: readonly Registration[], settings: Settings): EventHubTrigger {
  const [registered, ...others] = functions;
  if (!registered || others.length > 0)
    throw new RefusedError('the function app', `it registers ${functions.length} functions, and one is emulated`);
  const { name, bindings } = registered;
  const [[input, binding], ...more] = Object.entries(bindings) as [[string, Registration['bindings'][string]], ...unknown[]];
  const refuse = (property: string, why: string) => new RefusedError(`function ${name}, ${property}`, why);
  if (more.length > 0) throw refuse('bindings', `${Object.keys(bindings).join(' and ')}: only a trigger is emulated`);

  const { type, direction, cardinality, dataType, connection, eventHubName, consumerGroup, name: _, properties, ...unknown } = binding;
  const expect = { type: 'eventHubTrigger', direction: 'in', cardinality: 'many', dataType: 'binary' };
  for (const [property, value] of Object.entries(expect))
    if (binding[property] !== value) throw refuse(property, `${String(binding[property])} is not emulated, ${value} is`);
  const { supportsDeferredBinding } = (properties ?? {}) as Readonly<Record<string, unknown>>;
  if (supportsDeferredBinding === 'true') throw refuse('sdkBinding', 'bindings to clients of the SDK are not emulated');
  for (const property of Object.keys(unknown)) throw refuse(property, 'it is not known to the emulation');

  const setting = (key: string) => {
    const value = settings[key];
    if (!value) throw refuse('settings', `the app has no setting ${key}, which its trigger needs`);
    return value;
  };
  const resolved = (value: unknown) => String(value ?? '$Default').replace(/%([^%]+)%/g, (_, key: string) => setting(key));
  const prefix = String(connection);
  if (settings[prefix]) throw refuse('connection', `${prefix} is a connection string, and only an identity is emulated`);
  const credential = setting(`${prefix}__credential`);
  if (credential !== 'managedidentity') throw refuse('connection', `the credential ${credential} is not emulated, managedidentity is`);
  return {
    name,
    input,
    host: setting(`${prefix}__fullyQualifiedNamespace`),
    hub: resolved(eventHubName),
    consumerGroup: resolved(consumerGroup),
    clientId: setting(`${prefix}__clientId`),
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
