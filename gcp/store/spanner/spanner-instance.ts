import { SpannerInstance } from '@cdktf/provider-google/lib/spanner-instance';
import type { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Site } from '../../ports/site';
import type { Edition } from './spanner-settings';
import { alertOnCapacity } from './store-alerts';

/** What an instance is like. */
interface Capacity {
  readonly site: Site;
  /** The end of its id. */
  readonly name: string;
  readonly location: string;
  readonly isRegional: boolean;
  readonly edition: Edition;
  readonly processingUnits: number;
  readonly maxProcessingUnits?: number;
  /** Whether it may be deleted with its backups. */
  readonly destroy: boolean;
  readonly notify: readonly string[];
}

/**
 * Create an instance and its alerts. Autoscaling keeps the CPU 5 % below the alert, which then opens only if the maximum is reached.
 * @see https://cloud.google.com/spanner/docs/managed-autoscaler
 */
export function instanceOf(scope: Construct, capacity: Capacity): SpannerInstance {
  const { site, name, location, isRegional, edition, destroy, notify } = capacity;
  const { processingUnits, maxProcessingUnits } = capacity;
  const { project } = site;
  const id = `${site.prefix}-${name}`;
  const instance = new SpannerInstance(scope, 'Instance', {
    project,
    name: id,
    displayName: id,
    config: isRegional ? `regional-${location}` : location,
    edition,
    ...(maxProcessingUnits === undefined
      ? { processingUnits }
      : {
          autoscalingConfig: {
            autoscalingLimits: { minProcessingUnits: processingUnits, maxProcessingUnits },
            autoscalingTargets: { highPriorityCpuUtilizationPercent: isRegional ? 60 : 40, storageUtilizationPercent: 75 },
          },
        }),
    // Otherwise Google backs up each new database, and an instance with backups is not deleted.
    defaultBackupScheduleType: 'NONE',
    forceDestroy: destroy,
    dependsOn: [...site.waitFor],
    lifecycle: destroy ? undefined : { preventDestroy: true },
  });
  keepAddress(instance, name);
  alertOnCapacity(scope, { project, instance: instance.name, isRegional, notify });
  return instance;
}
