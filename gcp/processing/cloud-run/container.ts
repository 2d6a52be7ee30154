import type { CloudRunV2ServiceTemplateVpcAccess } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import type { IConstruct } from 'constructs';
import { CHANNELS, requireNumber, requireOneOf, requireText, requireTexts } from '../../../shared/synth/settings';
import { type ContainerImage, type ImagePolicy, requireImage, requirePolicy } from '../../foundation/images';
import { requireNetwork } from '../../foundation/network';
import { requireVariables, type SecretVariable, type Variables } from '../../foundation/run/variables';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';
import type { Network } from '../../ports/network';
import type { Site } from '../../ports/site';

/** The settings that services, jobs and worker pools have. */
export interface ContainerSettings extends Partial<Variables> {
  readonly site: Pick<Site, 'region'>;
  readonly image: ContainerImage;
  readonly name: string;
  readonly memoryMiB: number;
  readonly cpu: number;
  readonly network?: Network;
  readonly serviceAccount?: string;
  readonly binaryAuthorization?: ImagePolicy;
  readonly notify?: readonly string[];
}

/** The memory that each number of vCPUs allows: https://cloud.google.com/run/docs/configuring/services/cpu. */
const MEMORY: Readonly<Record<number, readonly [from: number, to: number]>> = {
  1: [512, 4096],
  2: [512, 8192],
  4: [2048, 16_384],
  6: [4096, 24_576],
  8: [4096, 32_768],
};

/**
 * Check the settings that services, jobs and worker pools have.
 * @param own the starts of the variables of the stores
 * @throws SettingError
 */
export function requireContainer(scope: IConstruct, settings: ContainerSettings, own: readonly string[], whose?: 'job') {
  const { image, name, memoryMiB, cpu, network, serviceAccount, notify } = settings;
  requireImage(scope, image);
  requirePolicy(scope, settings.binaryAuthorization);
  requireText(scope, { name }, ACCOUNT_NAME);
  requireOneOf(scope, { cpu }, Object.keys(MEMORY).map(Number), 'Cloud Run has no other number of vCPUs with concurrent calls.');
  const [from, to] = MEMORY[cpu]!;
  requireNumber(scope, { memoryMiB }, { from, to, unit: 'MiB', remedy: `Cloud Run allows no other value with cpu ${cpu}.` }, 'known');
  if (network !== undefined) requireNetwork(scope, network, settings.site.region);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  requireTexts(scope, { notify }, CHANNELS);
  const { environmentVariables = {}, secretEnvironmentVariables = {} } = settings;
  requireVariables(scope, { environmentVariables, secretEnvironmentVariables }, own, whose);
}

/** The variables of a container: those with a value, and those that Cloud Run reads from Secret Manager when it starts an instance. */
export function variablesOf(
  { project }: Site,
  values: Readonly<Record<string, string>>,
  secrets: readonly (Required<SecretVariable> & { readonly key: string; readonly projectId: string })[],
) {
  return [
    ...Object.entries(values).map(([name, value]) => ({ name, value })),
    ...secrets.map(({ key, projectId, secret, version }) => ({
      name: key,
      valueSource: { secretKeyRef: { secret: projectId === project ? secret : `projects/${projectId}/secrets/${secret}`, version } },
    })),
  ];
}

/** The image, and what one instance of it has. */
export function containerOf({ repository, digest }: ContainerImage, { cpu, memoryMiB }: Pick<ContainerSettings, 'cpu' | 'memoryMiB'>) {
  return { image: `${repository}@${digest}`, limits: { cpu: String(cpu), memory: `${memoryMiB}Mi` } };
}

/** How instances reach private addresses of a network. Requests to public addresses do not take this way. */
export function accessTo(network: Network | undefined): CloudRunV2ServiceTemplateVpcAccess | undefined {
  if (network === undefined) return undefined;
  return { egress: 'PRIVATE_RANGES_ONLY', networkInterfaces: [{ network: network.network, subnetwork: network.subnetwork }] };
}
