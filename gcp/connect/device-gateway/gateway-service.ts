import type { CloudRunV2ServiceTemplate } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import type { ContainerImage } from '../../foundation/images';

/** What an instance has, and how many there are. */
interface Sizes {
  readonly memoryMiB: number;
  readonly concurrency: number;
  readonly minInstances: number;
  readonly maxInstances: number;
}

const PORT = 8080;

/** What an instance of the service runs, and when another one is started. */
export function templateOf(
  service: Sizes & {
    readonly image: ContainerImage;
    /** The email of the service account that it runs as. */
    readonly email: string;
    readonly variables: Readonly<Record<string, string>>;
  },
): CloudRunV2ServiceTemplate {
  const { image, email, memoryMiB, concurrency, minInstances, maxInstances, variables } = service;
  return {
    serviceAccount: email,
    timeout: '60s',
    maxInstanceRequestConcurrency: concurrency,
    executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
    scaling: { minInstanceCount: minInstances, maxInstanceCount: maxInstances },
    containers: [
      {
        image: `${image.repository}@${image.digest}`,
        ports: { containerPort: PORT },
        // Without cpuIdle, CPU is billed while an instance waits too.
        resources: { limits: { cpu: '1', memory: `${memoryMiB}Mi` }, cpuIdle: true, startupCpuBoost: true },
        env: Object.entries(variables).map(([name, value]) => ({ name, value })),
      },
    ],
  };
}
