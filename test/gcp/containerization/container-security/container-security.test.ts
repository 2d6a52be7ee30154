import { TerraformOutput, type TerraformResource, type TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { ContainerSecurity, type ContainerSecurityProps } from '../../../../gcp/containerization/container-security/container-security';
import { GithubDeployer } from '../../../../gcp/deploy/github/github-deployer';
import { apisOf } from '../../../../gcp/foundation/apis';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { key, onCall, readable, Somebody, site, synthesize } from '../../stand-ins';

const POLICY = 'google_binary_authorization_policy';
const image = { repository: 'europe-west1-docker.pkg.dev/acme-data/acme-images/orders', digest: `sha256:${'0'.repeat(64)}` };
const make = (props: Partial<ContainerSecurityProps> = {}, context = {}) =>
  synthesize((stack) => new ContainerSecurity(stack, 'Security', { site, ...props }), context);
const PROTECTED = [
  POLICY,
  'google_binary_authorization_attestor',
  'google_container_analysis_note',
  'google_kms_crypto_key',
  'google_kms_key_ring',
];

test('the snapshot', () => {
  const { resource, data } = make({ notify: [onCall] }).json as any;
  expectSnapshot(
    'gcp/containerization/container-security/container-security.snapshot.yaml',
    'The default rule is a dry run; the attestor has the public key of a key in Cloud KMS; Terraform refuses to destroy the policy, which would allow every image.',
    readable({ ...resource, data }),
  );
});

test('documents the defaults that it has', () => {
  const { one, json } = make();
  expect(documentedDefaults('gcp/containerization/container-security/container-security.ts', 'ContainerSecurityProps')).toEqual({
    name: one('google_binary_authorization_attestor').name.slice('acme-'.length),
    enforce: String(one(POLICY).default_admission_rule.enforcement_mode !== 'DRYRUN_AUDIT_LOG_ONLY'),
    removal: one(POLICY).lifecycle.prevent_destroy ? 'retain' : 'destroy',
  });
  expect(one(POLICY).admission_whitelist_patterns).toBeUndefined();
  expect(Object.values<any>((json as any).data.google_kms_crypto_key_version).map(({ version }) => version)).toEqual([1]);
});

test('takes every setting', () => {
  const { one, json } = make(
    {
      ...{ name: 'trusted', enforce: true, allowPatterns: ['us-docker.pkg.dev/cloudrun/container/**'] },
      ...{ signingKey: key, keyVersions: [1, 3], notify: [onCall], removal: 'destroy' },
    },
    { destroyData: 'yes' },
  );
  expect(one(POLICY)).toMatchObject({
    admission_whitelist_patterns: [{ name_pattern: 'us-docker.pkg.dev/cloudrun/container/**' }],
    default_admission_rule: { enforcement_mode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' },
  });
  expect(one('google_monitoring_alert_policy').notification_channels).toEqual([onCall]);
  expect(json.resource).not.toHaveProperty('google_kms_crypto_key');
  expect(one('google_binary_authorization_attestor').attestation_authority_note.public_keys).toHaveLength(2);
  expect(JSON.stringify(json)).not.toContain('prevent_destroy');
});

test('an image needs an attestation, also in the dry run, and only system images of Google need none', () => {
  for (const enforce of [false, true]) {
    expect(make({ enforce }).one(POLICY)).toMatchObject({
      global_policy_evaluation_mode: 'ENABLE',
      default_admission_rule: {
        evaluation_mode: 'REQUIRE_ATTESTATION',
        require_attestations_by: ['${google_binary_authorization_attestor.signed.id}'],
      },
    });
  }
});

test('Terraform refuses to destroy the policy and what it stands on, also with one key', () => {
  for (const context of [{}, { destroyData: 'yes' }]) {
    const { one } = make({}, context);
    for (const type of PROTECTED) expect([type, one(type).lifecycle]).toEqual([type, { prevent_destroy: true }]);
  }
});

test('everything that is protected keeps its address when the construct is renamed, moved or nested', () => {
  const build = (place: (stack: TerraformStack) => Construct, id: string) => {
    const { resource } = synthesize((stack) => new ContainerSecurity(place(stack), id, { site })).json;
    return PROTECTED.map((type) => Object.keys(resource![type]!));
  };
  const [before, after] = [build((stack) => stack, 'Security'), build((stack) => new Construct(stack, 'Nested'), 'Renamed')];
  expect(before).toEqual(PROTECTED.map(() => ['signed']));
  expect(after).toEqual(before);
});

test('the key never leaves Cloud KMS: the attestor has the public key of each version that signs', () => {
  const { one, json } = make({ keyVersions: [1, 2] });
  expect(one('google_kms_crypto_key')).toMatchObject({
    purpose: 'ASYMMETRIC_SIGN',
    version_template: { algorithm: 'EC_SIGN_P256_SHA256' },
  });
  const versions = Object.entries<any>((json as any).data.google_kms_crypto_key_version);
  expect(versions.map(([, { version }]) => version)).toEqual([1, 2]);
  expect(one('google_binary_authorization_attestor').attestation_authority_note.public_keys).toEqual(
    versions.map(([id]) => ({
      id: `\${data.google_kms_crypto_key_version.${id}.id}`,
      pkix_public_key: {
        public_key_pem: `\${data.google_kms_crypto_key_version.${id}.public_key[0].pem}`,
        signature_algorithm: `\${data.google_kms_crypto_key_version.${id}.public_key[0].algorithm}`,
      },
    })),
  );
});

test('what runs an image waits until the policy is in effect', () => {
  const { one, built } = make();
  expect(one('time_sleep')).toMatchObject({ create_duration: '120s', depends_on: [`${POLICY}.signed`] });
  expect(built.waitFor.map((each) => (each as TerraformResource).node.path)).toEqual(['test/Security/Propagation']);
});

test('the APIs of Binary Authorization, Artifact Analysis and Cloud KMS are enabled, and the one that bills each image is not', () =>
  expect(apisOf(make().built)).toEqual(['binaryauthorization', 'cloudkms', 'containeranalysis', 'logging', 'monitoring']));

describe('who signs', () => {
  const TYPES = ['kms_crypto_key', 'container_analysis_note', 'binary_authorization_attestor', 'project'];
  const grantsTo = (bind: (stack: TerraformStack, security: ContainerSecurity) => unknown, props: Partial<ContainerSecurityProps> = {}) => {
    const made = synthesize((stack) => bind(stack, new ContainerSecurity(stack, 'Security', { site, ...props })));
    return { ...made, grants: TYPES.flatMap((type) => made.all(`google_${type}_iam_member`)) };
  };
  const toSomebody = (stack: TerraformStack, security: ContainerSecurity) => security.bindSigner(new Somebody(stack, 'Somebody'), 'IMAGES');

  test('may use the key, attach to the note, read the attestor and create attestations, and nothing else', () => {
    const { grants, built } = grantsTo(toSomebody);
    expect(grants.map(({ role }) => role)).toEqual([
      'roles/cloudkms.signerVerifier',
      'roles/containeranalysis.notes.attacher',
      'roles/binaryauthorization.attestorsViewer',
      'roles/containeranalysis.occurrences.editor',
    ]);
    expect(grants).toMatchObject([
      { crypto_key_id: '${google_kms_crypto_key.signed.id}' },
      { note: '${google_container_analysis_note.signed.id}' },
      { attestor: '${google_binary_authorization_attestor.signed.id}' },
      { project: 'acme-data' },
    ]);
    for (const { member } of grants) expect(member).toBe('serviceAccount:somebody@acme-data.iam.gserviceaccount.com');
    expect((built as ReturnType<ContainerSecurity['bindSigner']>).waitFor).toHaveLength(4);
  });

  test('signs with a key that is there already', () => {
    const { grants, built } = grantsTo(toSomebody, { signingKey: key, keyVersions: [2, 5] });
    expect(grants[0]).toMatchObject({ crypto_key_id: key });
    expect(built).toMatchObject({ settings: { IMAGES_KEY_VERSION: `${key}/cryptoKeyVersions/5` } });
  });

  test('can be the account as which GitHub Actions deploys', () => {
    const { grants } = grantsTo((stack, security) => {
      const settings = { site, repository: 'acme/data', repositoryId: '1', stateBucket: 'acme-state' };
      return security.bindSigner(new GithubDeployer(stack, 'Deployer', settings).deployer, 'IMAGES');
    });
    expect(grants[0]).toMatchObject({ member: expect.stringMatching(/^\$\{google_service_account\.Deployer_\w+\.member\}$/) });
  });

  test('signs by a command with the image by its digest, the attestor and the last version of the key', () => {
    const { json } = synthesize((stack) => {
      const security = new ContainerSecurity(stack, 'Security', { site, keyVersions: [1, 2] });
      new TerraformOutput(stack, 'sign', { value: security.signCommand(image) });
    });
    expect(json.output.sign.value).toBe(
      `gcloud beta container binauthz attestations sign-and-create --project=acme-data --artifact-url=${image.repository}@${image.digest} --attestor=\${google_binary_authorization_attestor.signed.id} --keyversion=\${google_kms_crypto_key.signed.id}/cryptoKeyVersions/2`,
    );
  });
});

describe('refuses', () => {
  test('a second policy of one project, whatever its name and its prefix', () =>
    expect(() =>
      synthesize((stack) => {
        new ContainerSecurity(stack, 'First', { site });
        new ContainerSecurity(stack, 'Second', { site: { ...site, prefix: 'other' }, name: 'other' });
      }),
    ).toThrow(
      new Error(
        'test/Second: each project with a policy of images must have its own name, got "acme-data", which test/First has. A project has one policy: add allowPatterns there.',
      ),
    ));

  test('and no more: another project has another policy', () => {
    const { all } = synthesize((stack) => {
      new ContainerSecurity(stack, 'First', { site });
      new ContainerSecurity(stack, 'Second', { site: { ...site, project: 'acme-test' }, name: 'other' });
    });
    expect(
      all(POLICY)
        .map(({ project }) => project)
        .sort(),
    ).toEqual(['acme-data', 'acme-test']);
  });

  test.each<[string, Partial<ContainerSecurityProps>, string]>([
    [
      'a name with a hyphen',
      { name: 'my-images' },
      'name must be 1 to 20 lower-case letters and digits, got "my-images". The names of the key, the note and the attestor start with the prefix of the site.',
    ],
    ['to enforce in words', { enforce: 'yes' as never }, 'enforce must be true or false, got "yes". Leave it out for a dry run.'],
    [
      'a pattern for every image of a registry',
      { allowPatterns: ['europe-west1-docker.pkg.dev/**'] },
      'allowPatterns must be images with their registry, or folders of images that end in * or **, got "europe-west1-docker.pkg.dev/**". Write them like us-docker.pkg.dev/cloudrun/container/** or docker.io/library/nginx@sha256:...',
    ],
    [
      'a pattern without a registry',
      { allowPatterns: ['nginx'] },
      'allowPatterns must be images with their registry, or folders of images that end in * or **, got "nginx". Write them like us-docker.pkg.dev/cloudrun/container/** or docker.io/library/nginx@sha256:...',
    ],
    ['a key that is none', { signingKey: 'key' }, 'signingKey must be the id of a key, got "key". See gcloud kms keys list.'],
    [
      'no version of the key',
      { keyVersions: [] },
      'keyVersions must be a list of different versions, got []. See gcloud kms keys versions list.',
    ],
    [
      'a version that Cloud KMS does not have',
      { keyVersions: [0] },
      'keyVersions must be 1 to 1000000 as the number of a version, got 0. See gcloud kms keys versions list.',
    ],
    [
      'a channel that is none',
      { notify: ['me'] },
      'notify must be ids of notification channels, got "me". See gcloud beta monitoring channels list.',
    ],
    [
      'one key to destroy',
      { removal: 'destroy' },
      `removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(`test/Security: ${message}`)));
});
