import type { ComposerEnvironmentConfigA } from '@cdktf/provider-google/lib/composer-environment';
import type { composerSettings } from './composer-settings';
import { SIZES } from './composer-settings';

/**
 * An address that nobody has: https://www.rfc-editor.org/rfc/rfc5737. The provider does not send an empty list, and Google would then
 * let in everybody.
 */
const NOBODY = '192.0.2.1/32';

type Settings = ReturnType<typeof composerSettings> & {
  /** The email of the account that the environment runs as. */
  readonly email: string;
  /** The name of its bucket. */
  readonly bucket: string;
};

/**
 * The configuration of an environment without access to the internet. What it does not set follows from its size.
 * @see https://cloud.google.com/composer/docs/composer-3/create-environments
 */
export function environmentConfig(settings: Settings): ComposerEnvironmentConfigA {
  const { network, size, workers, imageVersion, packages, snapshots, webServerRanges, historyDays, maintenanceHour } = settings;
  const installs = Object.keys(packages).length > 0;
  const ranges = webServerRanges.length > 0 ? webServerRanges : [NOBODY];
  // A Saturday. Only the hours and the days of the week count.
  const at = (hour: number) => `2026-01-03T${String(hour).padStart(2, '0')}:00:00Z`;
  return {
    environmentSize: SIZES[size],
    resilienceMode: 'STANDARD_RESILIENCE',
    enablePrivateEnvironment: true,
    enablePrivateBuildsOnly: !installs,
    nodeConfig: { network: network.network, subnetwork: network.subnetwork, serviceAccount: settings.email },
    softwareConfig: { imageVersion, pypiPackages: installs ? packages : undefined, webServerPluginsMode: 'DISABLED' },
    workloadsConfig: { worker: { minCount: workers.min, maxCount: workers.max } },
    webServerNetworkAccessControl: { allowedIpRange: ranges.map((value) => ({ value })) },
    recoveryConfig: {
      scheduledSnapshotsConfig: {
        enabled: true,
        snapshotLocation: `gs://${settings.bucket}/snapshots`,
        snapshotCreationSchedule: snapshots,
        timeZone: 'UTC',
      },
    },
    dataRetentionConfig: {
      airflowMetadataRetentionConfig: [{ retentionMode: 'RETENTION_MODE_ENABLED', retentionDays: historyDays }],
    },
    maintenanceWindow: { startTime: at(maintenanceHour), endTime: at(maintenanceHour + 6), recurrence: 'FREQ=WEEKLY;BYDAY=SA,SU' },
    encryptionConfig: settings.encryptionKey ? { kmsKeyName: settings.encryptionKey } : undefined,
  };
}
