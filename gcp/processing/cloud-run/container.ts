import type { CloudRunV2ServiceTemplateVpcAccess } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { requireVariables, type SecretVariable, type Variables } from '../../foundation/run/variables';
import type { Network } from '../../ports/network';
import type { Site } from '../../ports/site';

/** An image in a registry, by the digest of its content. A tag can be another image tomorrow, without a change in the plan. */
export interface ContainerImage {
  /**
   * The repository and the name of the image, such as `europe-west1-docker.pkg.dev/acme-data/images/orders`. For a repository in
   * another project, allow the Cloud Run service agent of this project to read it.
   */
  readonly repository: string;
  /** The digest of the image, such as `sha256:` and 64 digits. A registry shows it after a push. */
  readonly digest: string;
}

/** The settings that services and jobs have. */
export interface ContainerSettings extends Partial<Variables> {
  readonly site: Pick<Site, 'region'>;
  readonly image: ContainerImage;
  readonly name: string;
  readonly memoryMiB: number;
  readonly cpu: number;
  readonly network?: Network;
  readonly serviceAccount?: string;
  readonly notify?: readonly string[];
}

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,10}$/,
  must: 'be 1 to 10 lower-case letters and digits',
  remedy: 'The name of a service account has no room for more.',
};
const EMAIL: TextRule = {
  pattern: /^[^@:\s]+@\S+\.gserviceaccount\.com$/,
  must: 'be the email of a service account',
  remedy: 'Find it with gcloud iam service-accounts list.',
};
/** A repository of images. */
export const REPOSITORY: TextRule = {
  pattern: /^[a-z0-9.-]+(:[0-9]+)?([/][a-z0-9_.-]+)+$/,
  must: 'be a registry and the name of an image, without a tag',
  remedy: 'Write it like europe-west1-docker.pkg.dev/acme-data/images/orders.',
};
/** The digest of an image. */
export const DIGEST: TextRule = {
  pattern: /^sha256:[0-9a-f]{64}$/,
  must: 'be the digest of an image',
  remedy: 'A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
};
const NETWORK: TextRule = {
  pattern: /^(https:\/\/\S+\/)?projects\/[^/\s]+\/global\/networks\/[^/\s]+$/,
  must: 'have the ids of a network and a subnetwork',
  remedy: 'Find them with gcloud compute networks subnets describe.',
};
const SUBNETWORK: TextRule = { ...NETWORK, pattern: /^(https:\/\/\S+\/)?projects\/[^/\s]+\/regions\/[^/\s]+\/subnetworks\/[^/\s]+$/ };
/** The memory that each number of vCPUs allows: https://cloud.google.com/run/docs/configuring/services/cpu. */
const MEMORY: Readonly<Record<number, readonly [from: number, to: number]>> = {
  1: [512, 4096],
  2: [512, 8192],
  4: [2048, 16_384],
  6: [4096, 24_576],
  8: [4096, 32_768],
};

/**
 * Check the settings that services and jobs have.
 * @param own the starts of the variables of the stores
 * @throws SettingError
 */
export function requireContainer(scope: IConstruct, settings: ContainerSettings, own: readonly string[], whose?: 'job') {
  const { image, name, memoryMiB, cpu, network, serviceAccount, notify } = settings;
  requireImage(scope, image);
  requireText(scope, { name }, NAME);
  requireOneOf(scope, { cpu }, Object.keys(MEMORY).map(Number), 'Cloud Run has no other number of vCPUs with concurrent calls.');
  const [from, to] = MEMORY[cpu]!;
  requireNumber(scope, { memoryMiB }, { from, to, unit: 'MiB', remedy: `Cloud Run allows no other value with cpu ${cpu}.` }, 'known');
  if (network !== undefined) requireNetwork(scope, network, settings.site.region);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  requireTexts(scope, { notify }, CHANNELS);
  const { environmentVariables = {}, secretEnvironmentVariables = {} } = settings;
  requireVariables(scope, { environmentVariables, secretEnvironmentVariables }, own, whose);
}

function requireNetwork(scope: IConstruct, { network, subnetwork }: Network, region: string) {
  requireText(scope, { network }, NETWORK);
  requireText(scope, { network: subnetwork }, SUBNETWORK);
  const [, its] = /\/regions\/([^/]+)\//.exec(subnetwork) ?? [];
  if (its === undefined || its === region || [its, region].some((one) => Token.isUnresolved(one))) return;
  throw new SettingError(
    scope,
    `network must have a subnetwork in ${region}`,
    its,
    'An instance takes an address in the region of its site.',
  );
}

function requireImage(scope: IConstruct, image: ContainerImage) {
  if (typeof image !== 'object' || image === null) {
    throw new SettingError(scope, 'image must be an object', typeof image, 'Write it like { repository: ..., digest: "sha256:..." }.');
  }
  requireText(scope, { 'image.repository': image.repository }, REPOSITORY);
  requireText(scope, { 'image.digest': image.digest }, DIGEST);
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
