import type { CloudRunV2ServiceTemplate } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import type { IConstruct } from 'constructs';
import { requireEachOnce, requireFit } from '../../../shared/synth/handler-needs';
import { requireNumber, requireText, type TextRule } from '../../../shared/synth/settings';
import { DEAD_LETTER, requireOtherNames } from '../../foundation/run/variables';
import { accessTo, type ContainerSettings, containerOf, requireContainer, type variablesOf } from './container';

const PORT = 8080;
const PATH: TextRule = {
  pattern: /^\/[\w./~-]{0,200}$/,
  must: 'be a path',
  remedy: 'Write it like /healthz.',
};

interface Sizes {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly concurrency: number;
  readonly maxInstances: number;
  readonly minInstances: number;
}

type Raw = Omit<ContainerSettings, 'name' | keyof Sizes> &
  Partial<Sizes> &
  Parameters<typeof requireFit>[1] & { readonly name?: string; readonly healthPath?: string };

/**
 * The settings of a service, checked, with their defaults.
 * @throws SettingError
 */
export function serviceSettings(scope: IConstruct, props: Raw) {
  const { name = 'service', cpu = 1, memoryMiB = 2048, timeoutSeconds = 60, concurrency = 10, healthPath } = props;
  const { maxInstances = 10, minInstances = 0 } = props;
  requireFit(scope, props);
  requireEachOnce(scope, 'stores', props.stores);
  requireOtherNames(scope, props.stores);
  requireContainer(scope, { ...props, name, cpu, memoryMiB }, [DEAD_LETTER, ...Object.keys(props.stores)]);
  requireNumber(scope, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'Start a job for longer work.' });
  requireNumber(scope, { concurrency }, { from: 1, to: 1000, unit: 'calls', remedy: 'Cloud Run allows no more.' });
  requireNumber(scope, { maxInstances }, { from: 1, to: 1000, unit: 'instances', remedy: 'Google allows more only with a higher quota.' });
  requireNumber(scope, { minInstances }, { from: 0, to: maxInstances, unit: 'instances', remedy: 'It must not be above maxInstances.' });
  if (healthPath !== undefined) requireText(scope, { healthPath }, PATH);
  return { name, cpu, memoryMiB, timeoutSeconds, concurrency, maxInstances, minInstances, healthPath };
}

/** What an instance of a service runs, and when another one is started. */
export function templateOf(
  service: Sizes &
    Pick<ContainerSettings, 'image' | 'network' | 'serviceAccount'> & {
      readonly healthPath?: string;
      readonly env: ReturnType<typeof variablesOf>;
    },
): CloudRunV2ServiceTemplate {
  const { image, limits } = containerOf(service.image, service);
  const probe = service.healthPath && { httpGet: { path: service.healthPath }, periodSeconds: 10, timeoutSeconds: 5 };
  return {
    serviceAccount: service.serviceAccount,
    timeout: `${service.timeoutSeconds}s`,
    maxInstanceRequestConcurrency: service.concurrency,
    executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
    scaling: { minInstanceCount: service.minInstances, maxInstanceCount: service.maxInstances },
    vpcAccess: accessTo(service.network),
    containers: [
      {
        image,
        ports: { containerPort: PORT },
        // Without cpuIdle, CPU is billed while an instance waits too.
        resources: { limits, cpuIdle: true, startupCpuBoost: true },
        env: service.env,
        // Four minutes to start, as without a probe.
        startupProbe: probe ? { ...probe, failureThreshold: 24 } : undefined,
        livenessProbe: probe ? { ...probe, failureThreshold: 3 } : undefined,
      },
    ],
  };
}
