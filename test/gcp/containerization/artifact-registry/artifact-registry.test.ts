import { TerraformOutput, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { ArtifactRegistry, type ArtifactRegistryProps } from '../../../../gcp/containerization/artifact-registry/artifact-registry';
import { apisOf } from '../../../../gcp/foundation/apis';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import { factsOf } from '../../../../shared/read/facts/find';
import { TfStack } from '../../../../shared/read/tf';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, readable, Somebody, site, synthesize } from '../../stand-ins';

const REPOSITORY = 'google_artifact_registry_repository';
const repositoryId = 'projects/theirs/locations/us-east1/repositories/builds';
const digest = `sha256:${'0'.repeat(64)}`;
const make = (props: Partial<ArtifactRegistryProps> = {}, context = {}) =>
  synthesize((stack) => new ArtifactRegistry(stack, 'Images', { site, ...props }), context);
const DAY = 24 * 3600;

test('the snapshot', () => {
  expectSnapshot(
    'gcp/containerization/artifact-registry/artifact-registry.snapshot.yaml',
    'No push moves a tag, only images without a tag are deleted, and Terraform refuses to destroy the repository.',
    readable(make().json.resource),
  );
});

test('documents the defaults that it has', () => {
  const repository = make().one(REPOSITORY);
  const [kept, deleted] = repository.cleanup_policies;
  expect(documentedDefaults('gcp/containerization/artifact-registry/artifact-registry.ts', 'ArtifactRegistryProps')).toEqual({
    name: repository.repository_id.slice('acme-'.length),
    keepImages: String(kept.most_recent_versions.keep_count),
    keepUntaggedDays: String(Number.parseInt(deleted.condition.older_than, 10) / DAY),
    tags: repository.docker_config.immutable_tags ? 'immutable' : 'mutable',
    removal: repository.lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
});

test('takes every setting', () => {
  const settings = { name: 'builds', keepImages: 3, keepUntaggedDays: 7, tags: 'mutable', encryptionKey: key, removal: 'destroy' } as const;
  const repository = make(settings, { destroyData: 'yes' }).one(REPOSITORY);
  expect(repository).toMatchObject({ repository_id: 'acme-builds', docker_config: { immutable_tags: false }, kms_key_name: key });
  expect(repository.cleanup_policies).toMatchObject([
    { most_recent_versions: { keep_count: 3 } },
    { condition: { older_than: '604800s' } },
  ]);
  expect(repository.lifecycle).toBeUndefined();
});

test('an image with a tag is never deleted by age, and neither is one of the newest', () => {
  expect(make().one(REPOSITORY)).toMatchObject({
    cleanup_policy_dry_run: false,
    cleanup_policies: [
      { action: 'KEEP', most_recent_versions: { keep_count: 10 } },
      { action: 'DELETE', condition: { tag_state: 'UNTAGGED' } },
    ],
  });
});

test.each([
  [undefined, 'INHERITED', false],
  [true, 'INHERITED', true],
  [false, 'DISABLED', false],
])('with scan %s the repository is %s, and the API that bills each image is switched on: %s', (scan, enablement, isOn) => {
  const { built, one } = make({ scan });
  expect(one(REPOSITORY).vulnerability_scanning_config).toEqual({ enablement_config: enablement });
  expect(apisOf(built).includes('containerscanning')).toBe(isOn);
});

test('the Artifact Registry agent may use the key, and has had two minutes to learn so, before the repository is encrypted with it', () => {
  const { one, json } = make({ encryptionKey: key });
  expect(one('google_kms_crypto_key_iam_member')).toMatchObject({
    crypto_key_id: key,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: site.agentOf('artifactregistry'),
  });
  const [pause] = Object.keys(json.resource!.time_sleep!);
  expect(one(REPOSITORY).depends_on).toEqual(['time_sleep.site', `time_sleep.${pause}`]);
});

test('uses an existing repository, and leaves it alone', () => {
  const { built, json } = make({ repositoryId });
  expect([built.repositoryUri, built.repositoryId, json.resource]).toEqual([
    'us-east1-docker.pkg.dev/theirs/builds',
    repositoryId,
    undefined,
  ]);
});

test('uses a repository whose id is known only at deploy', () => {
  const { json } = synthesize((stack) => {
    const given = new TerraformVariable(stack, 'given', {}).stringValue;
    const { repositoryUri } = new ArtifactRegistry(stack, 'Images', { site, repositoryId: given });
    new TerraformOutput(stack, 'uri', { value: repositoryUri });
  });
  expect(json.output.uri.value).toBe(
    '${element(split("/", var.given), 3)}-docker.pkg.dev/${element(split("/", var.given), 1)}/${element(split("/", var.given), 5)}',
  );
});

test('images keep their address in the state when the construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) =>
    Object.keys(synthesize((stack) => new ArtifactRegistry(place(stack), id, { site })).json.resource![REPOSITORY]!);
  expect([build((stack) => stack, 'Images'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')]).toEqual([
    ['images'],
    ['images'],
  ]);
});

test('an image is what Cloud Run takes: the repository with its name, and a digest', () => {
  expect(make({ repositoryId }).built.image('press/renderer', digest)).toEqual({
    repository: 'us-east1-docker.pkg.dev/theirs/builds/press/renderer',
    digest,
  });
});

test('what runs an image waits for the repository, because the name of the repository is a reference', () => {
  const { json } = synthesize((stack) => {
    const { repository } = new ArtifactRegistry(stack, 'Images', { site }).image('orders', digest);
    new TerraformOutput(stack, 'image', { value: repository });
  });
  expect(json.output.image.value).toBe(`europe-west1-docker.pkg.dev/acme-data/\${${REPOSITORY}.images.name}/orders`);
});

test('a repository into which a function is built holds no data, and one that people push to does', () => {
  const { json } = synthesize((stack) => {
    const source = new PubSubBuffer(stack, 'Buffer', { site });
    const code = { zip: __filename, hash: 'ab'.repeat(32) };
    new CloudFunctionProcessor(stack, 'Processing', { site, source, stores: {}, code });
    new ArtifactRegistry(stack, 'Images', { site });
  });
  const stack = new TfStack(json);
  expect(stack.of(REPOSITORY).map((one) => [one.body.repository_id, factsOf('gcp').role(one, stack)])).toEqual([
    ['acme-func-images', 'helps'],
    ['acme-images', 'holds data'],
  ]);
});

describe('who may do what', () => {
  const grantOf = (bind: 'bindPuller' | 'bindPusher', props: Partial<ArtifactRegistryProps> = {}) => {
    const { one, built } = synthesize((stack) =>
      new ArtifactRegistry(stack, 'Images', { site, ...props })[bind](new Somebody(stack, 'Somebody'), 'IMAGES'),
    );
    expect(built.waitFor).toHaveLength(1);
    return { ...one('google_artifact_registry_repository_iam_member'), settings: built.settings };
  };
  const member = 'serviceAccount:somebody@acme-data.iam.gserviceaccount.com';

  test('a puller pulls from this repository, and is told where', () =>
    expect(grantOf('bindPuller', { repositoryId })).toMatchObject({
      role: 'roles/artifactregistry.reader',
      repository: repositoryId,
      member,
      settings: { IMAGES_REPOSITORY_URI: 'us-east1-docker.pkg.dev/theirs/builds' },
    }));
  test('a pusher pushes and pulls, and deletes nothing', () =>
    expect(grantOf('bindPusher')).toMatchObject({
      role: 'roles/artifactregistry.writer',
      repository: `\${${REPOSITORY}.images.id}`,
      member,
    }));
});

describe('refuses', () => {
  test('a second registry of one name', () =>
    expect(() => synthesize((stack) => ['First', 'Second'].map((id) => new ArtifactRegistry(stack, id, { site })))).toThrow(
      new Error(
        'test/Second: each repository of a site must have its own name, got "images", which test/First has. Set name on one of them.',
      ),
    ));

  test.each<[string, () => unknown, string]>([
    [
      'a name with a hyphen',
      () => make({ name: 'my-images' }),
      'name must be 1 to 20 lower-case letters and digits, got "my-images". The id of a repository starts with the prefix of the site.',
    ],
    ['to keep no image', () => make({ keepImages: 0 }), 'keepImages must be 1 to 100 images, got 0. To keep more images, give each a tag.'],
    [
      'to delete images at once',
      () => make({ keepUntaggedDays: 0 }),
      'keepUntaggedDays must be 1 to 365 days, got 0. To keep an image for longer, give it a tag.',
    ],
    [
      'tags of another kind',
      () => make({ tags: 'moving' as never }),
      'tags must be immutable or mutable, got "moving". Leave it out for immutable tags.',
    ],
    [
      'scans in words',
      () => make({ scan: 'yes' as never }),
      'scan must be true or false, got "yes". Leave it out to do as the project does.',
    ],
    [
      'a key that is none',
      () => make({ encryptionKey: 'key' }),
      'encryptionKey must be the id of a key, got "key". See gcloud kms keys list.',
    ],
    [
      'the name of a repository for its id',
      () => make({ repositoryId: 'builds' }),
      'repositoryId must be the id of a repository, got "builds". Find it with gcloud artifacts repositories describe --format="value(name)".',
    ],
    [
      'settings for a repository that is there',
      () => make({ repositoryId, keepImages: 3, scan: true }),
      'repositoryId keeps its own settings, got keepImages and scan beside it. Leave keepImages and scan out.',
    ],
    [
      'a tag for a digest',
      () => make().built.image('orders', 'latest'),
      'digest must be the digest of an image, got "latest". A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
    ],
    [
      'an image in capitals',
      () => make().built.image('Orders', digest),
      'name must be the name of an image in lower case, got "Orders". Write it like orders or press/renderer, without the repository.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(`test/Images: ${message}`)));
});
