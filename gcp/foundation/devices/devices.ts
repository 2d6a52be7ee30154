import type { IConstruct } from 'constructs';
import { type NumberRule, SettingError } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { ObjectStore } from '../../ports/stores';

/** The limits of the settings of the handler `device-https-to-pub-sub`. */
export const TOKENS = {
  tokenSeconds: { from: 60, to: 86_400, unit: 'seconds', remedy: 'Whoever reads a token can use it until it ends.' },
  keySeconds: { from: 1, to: 3600, unit: 'seconds', remedy: 'So long is a device accepted after it was deleted.' },
} satisfies Record<string, NumberRule>;

/** A body of many small objects takes over 40 times its size in memory. Node.js has half of the memory of an instance for them. */
const GROWTH = 128;

/** How many bytes of open requests fit into the memory of an instance. */
export function openBytes(memoryMiB: number): number {
  return Math.floor((memoryMiB * 2 ** 20) / GROWTH);
}

/** What the handler `device-https-to-pub-sub` reads, besides the settings of its neighbours. */
export function deviceVariables(device: {
  /** The `aud` that each token must have. */
  readonly audience: string;
  /** The start of the `source` of each event. */
  readonly source: string;
  readonly tokenSeconds: number;
  readonly keySeconds: number;
  readonly memoryMiB: number;
}): Readonly<Record<string, string>> {
  return {
    DEVICE_AUDIENCE: device.audience,
    DEVICE_SOURCE: device.source,
    DEVICE_TOKEN_SECONDS: String(device.tokenSeconds),
    DEVICE_KEY_SECONDS: String(device.keySeconds),
    DEVICE_OPEN_BYTES: String(openBytes(device.memoryMiB)),
  };
}

/**
 * Let whoever checks the tokens of devices publish to its sink and read the registry.
 * @throws SettingError if the handler cannot publish to the sink, or cannot read the registry
 */
export function bindDevices(holder: Workload, sink: RecordSink, registry: ObjectStore): Binding {
  const events = sink.bindWriter(holder, 'EVENTS');
  const devices = registry.bindReader(holder, 'REGISTRY');
  requireSettings(
    holder,
    events,
    ['EVENTS_TOPIC', 'EVENTS_ENDPOINT', 'EVENTS_ORDERED'],
    'sink must be a topic of Pub/Sub',
    'Use a PubSubBuffer.',
  );
  const objects = 'registry must be a store of objects';
  requireSettings(holder, devices, ['REGISTRY_BUCKET', 'REGISTRY_PREFIX'], objects, 'Use a CloudStorageStore.');
  return { settings: { ...events.settings, ...devices.settings }, waitFor: [...events.waitFor, ...devices.waitFor] };
}

/** Registers a device. The precondition holds also for who may replace objects. */
export function registerCommand({ REGISTRY_BUCKET: bucket, REGISTRY_PREFIX: prefix }: Readonly<Record<string, string>>): string {
  const query = `uploadType=media&ifGenerationMatch=0&name=${prefix?.replaceAll("'", '%27')}DEVICE.pem`;
  return `curl --fail-with-body -H "Authorization: Bearer $(gcloud auth print-access-token)" -H 'Content-Type: application/x-pem-file' --data-binary @public.pem 'https://storage.googleapis.com/upload/storage/v1/b/${bucket}/o?${query}'`;
}

function requireSettings(scope: IConstruct, { settings }: Binding, needed: readonly string[], rule: string, remedy: string) {
  const given = Object.keys(settings);
  if (String([...given].sort()) === String([...needed].sort())) return;
  throw new SettingError(scope, rule, `the settings ${given.join(', ') || 'of none'}`, remedy);
}
