const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/acme/providers';
const container = (account: string) => `${SUBSCRIPTION}/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/state`;

const digests: readonly [string, string] = [`sha256:${'0'.repeat(64)}`, `sha256:${'f'.repeat(64)}`];
const images: readonly [string, string] = [
  'a.io/b',
  `northamerica-northeast2-docker.pkg.dev/a${'b'.repeat(28)}1/${'r'.repeat(63)}/${'n'.repeat(100)}`,
];

/** The shortest and the longest answers to what the stacks ask for. */
export const ANSWERS: Readonly<Record<string, readonly [shortest: string, longest: string]>> = {
  builder: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  exporter: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  autoscaler_digest: digests,
  autoscaler_repository: images,
  worker_digest: digests,
  worker_repository: images,
  administrator: ['a@b.co', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  device_authority: [
    '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n',
    `-----BEGIN CERTIFICATE-----\n${'M'.repeat(2000)}\n-----END CERTIFICATE-----\n`,
  ],
  encryption_key: [
    'projects/abcde1/locations/us-east1/keyRings/r/cryptoKeys/k',
    `projects/a${'b'.repeat(28)}1/locations/northamerica-northeast2/keyRings/${'r'.repeat(63)}/cryptoKeys/${'k'.repeat(63)}`,
  ],
  environment: ['a', 'e'.repeat(27)],
  image_builder: ['user:a@b.co', `serviceAccount:${'a'.repeat(30)}@${'b'.repeat(30)}.iam.gserviceaccount.com`],
  email_domain: ['a.co', `${'d'.repeat(60)}.example.com`],
  oauth_client_id: ['1-a.apps.googleusercontent.com', `${'1'.repeat(12)}-${'a'.repeat(32)}.apps.googleusercontent.com`],
  oauth_client_secret: ['GOCSPX-aaaaaaaa', `GOCSPX-${'a'.repeat(28)}`],
  network: ['projects/abcde1/global/networks/n', `projects/a${'b'.repeat(28)}1/global/networks/${'n'.repeat(63)}`],
  owner: ['a@b.co', `${'o'.repeat(60)}@${'d'.repeat(60)}.example.com`],
  subnetwork: [
    'projects/abcde1/regions/us-east1/subnetworks/s',
    `projects/a${'b'.repeat(28)}1/regions/northamerica-northeast2/subnetworks/${'s'.repeat(63)}`,
  ],
  list_url: ['https://a', `https://${'a'.repeat(60)}.example.com/${'l'.repeat(1900)}`],
  location: ['uksouth', 'germanywestcentral'],
  prefix: ['ab', 'abcdefghij1'],
  gateway_digest: digests,
  gateway_repository: images,
  processor_digest: digests,
  processor_repository: images,
  project_id: ['abcde1', `a${'b'.repeat(28)}1`],
  pull_digest: digests,
  pull_repository: images,
  readers: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  region: ['us-east1', 'northamerica-northeast2'],
  registry_id: ['abcde', 'a'.repeat(50)].map((name) => `${SUBSCRIPTION}/Microsoft.ContainerRegistry/registries/${name}`) as [
    string,
    string,
  ],
  report_digest: digests,
  report_repository: images,
  repository: ['a/b', `${'o'.repeat(39)}/${'r'.repeat(37)}`],
  repository_id: ['1', '123456789012345'],
  first_window: ['2026-01-01T00:00:00Z', '2027-12-31T23:59:00Z'],
  scientists: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  state_bucket: ['abc', 'b'.repeat(63)],
  state_container_id: ['ab', 'abcdefghij1'].map(container) as [string, string],
};
