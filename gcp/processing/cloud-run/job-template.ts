import type { CloudRunV2JobTemplate } from '@cdktf/provider-google/lib/cloud-run-v2-job';
import type { ContainerImage } from '../../foundation/images';
import type { Network } from '../../ports/network';
import { accessTo, containerOf, type variablesOf } from './container';

/** What an execution of a job is made of. */
export interface Execution {
  readonly image: ContainerImage;
  readonly args?: readonly string[];
  readonly tasks: number;
  readonly parallelism: number;
  readonly maxRetries: number;
  readonly timeoutSeconds: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly network?: Network;
  /** The email of the service account. */
  readonly serviceAccount: string;
  readonly env: ReturnType<typeof variablesOf>;
}

/** The template of the executions of a job. */
export function templateOf({ image, args, network, serviceAccount, env, ...settings }: Execution): CloudRunV2JobTemplate {
  const { tasks, parallelism, maxRetries, timeoutSeconds } = settings;
  const { limits, ...container } = containerOf(image, settings);
  return {
    taskCount: tasks,
    parallelism,
    template: {
      serviceAccount,
      maxRetries,
      timeout: `${timeoutSeconds}s`,
      executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
      vpcAccess: accessTo(network),
      containers: [{ ...container, args: args && [...args], resources: { limits }, env }],
    },
  };
}
