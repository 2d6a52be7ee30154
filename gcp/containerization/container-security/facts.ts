import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { both, every, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, is, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { iamMember, idOf, replacers } from '../../foundation/promises';

const POLICY = 'google_binary_authorization_policy';
const ATTESTOR = 'google_binary_authorization_attestor';
const NOTE = 'google_container_analysis_note';
const KEY = 'google_kms_crypto_key';
const ALERT = 'google_monitoring_alert_policy';
const LINE = 'conditions.condition_matched_log.filter';
const CHECK = 'binary_authorization';
const SERVICE = 'google_cloud_run_v2_service';

const isOnDenied = (text: string) => text.includes('ContainerImageUnauthorized') && text.includes('dry run') && text.includes('breakglass');
const watching: Which = (_, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === ALERT && isOnDenied(JSON.stringify(body))).map(([alert]) => alert);

/** It stays when its stack is deleted. */
function stays(worse: string): Promised {
  return promised('retained', `not be deleted with its stack: otherwise ${worse}`, (one) => is(one, 'lifecycle.prevent_destroy', true), {
    'it is deleted with its stack': set('lifecycle'),
  });
}

export const facts: ServiceFacts = {
  name: 'Binary Authorization',
  local: { not: 'images run in a container engine, which the local run does not have' },
  unproven: [
    'That the service agent of Binary Authorization has its role on the project as soon as the API is enabled, and reads attestations with it.',
    'Which words the audit log has for an image that a dry run lets start: the alert looks for those that users report.',
    'That Cloud Run reports a refused execution of a job in the log of system events, as it does for a revision, and one of a worker pool.',
    'That `sign-and-create` needs no more permissions than those that are granted.',
  ],
  types: {
    [POLICY]: {
      name: 'policy of images',
      role: 'helps',
      replacedBy: ['project'],
      apis: ['binaryauthorization'],
      tells: (policy) => [
        'Binary Authorization',
        is(policy, 'default_admission_rule.enforcement_mode', 'ENFORCED_BLOCK_AND_AUDIT_LOG') ? 'enforced' : 'dry run',
        said.kept(policy),
      ],
      promises: [
        promised(
          'attested',
          'require an attestation of each image',
          (policy) =>
            is(policy, 'default_admission_rule.evaluation_mode', 'REQUIRE_ATTESTATION') &&
            policy.refers('default_admission_rule.require_attestations_by').some(({ type }) => type === ATTESTOR),
          {
            'every image is allowed': both(
              set('default_admission_rule.evaluation_mode', 'ALWAYS_ALLOW'),
              set('default_admission_rule.require_attestations_by'),
            ),
          },
        ),
        promised(
          'attested',
          'exempt no images of everybody: a pattern names a registry and a project',
          (policy) => policy.get('admission_whitelist_patterns.name_pattern').every((name) => /^[^*/]+[/][^*/]+([/]|$)/.test(String(name))),
          {
            'every image of a registry is exempt': set('admission_whitelist_patterns', [
              { name_pattern: 'europe-west1-docker.pkg.dev/**' },
            ]),
          },
        ),
        setTo({
          rule: 'attested',
          must: 'allow the system images of Google, which nobody can sign',
          at: 'global_policy_evaluation_mode',
          to: ['ENABLE'],
          weak: 'DISABLE',
          worse: 'system images of Google are refused',
        }),
        promised('attested', 'be asked by each Cloud Run service, job and worker pool of its stack, without break glass', isObeyed, {
          'a service starts any image': set(CHECK, undefined, every(SERVICE)),
          'a service starts any image by break glass': set(`${CHECK}.breakglass_justification`, 'urgent', every(SERVICE)),
        }),
        promised('rings', 'have an alert on images that are refused, or that start without an attestation', hasAlert, {
          'an image starts without an attestation, and nobody is told': remove(watching),
          'the alert on images is disabled': set('enabled', false, watching),
        }),
        stays('every image is allowed'),
      ],
      local: 'no effect here',
    },
    [ATTESTOR]: {
      name: 'attestor',
      role: 'helps',
      replacedBy: ['name', 'project', 'attestation_authority_note.note_reference'],
      apis: ['binaryauthorization', 'containeranalysis'],
      named: ['name', /^[a-zA-Z0-9_-]{1,63}$/],
      promises: [
        promised(
          'attested',
          'have the public key of a key in Cloud KMS: without one, it accepts no attestation',
          (attestor) => attestor.refers('attestation_authority_note.public_keys.pkix_public_key.public_key_pem').length > 0,
          { 'no attestation is valid': set('attestation_authority_note.public_keys') },
        ),
        stays('no image can be attested'),
      ],
      needs: signerNeeds,
      // A list is of a project.
      effective: /^(\*|binaryauthorization\.attestors\.(?!list))/,
      computed: { id: 'projects/acme-data/attestors/acme' },
      local: 'no effect here',
    },
    [NOTE]: {
      name: 'note of attestations',
      role: 'helps',
      replacedBy: ['name', 'project'],
      apis: ['containeranalysis'],
      named: ['name', /^[a-zA-Z0-9_-]{1,100}$/],
      promises: [stays('no attestation is found')],
      effective: /^(\*|containeranalysis\.notes)/,
      computed: { id: 'projects/acme-data/notes/acme' },
      local: 'no effect here',
    },
    google_kms_key_ring: {
      name: 'key ring',
      role: 'helps',
      replacedBy: ['name', 'location', 'project'],
      apis: ['cloudkms'],
      named: ['name', /^[a-zA-Z0-9_-]{1,63}$/],
      promises: [stays('Terraform forgets it, and cannot create another one of its name')],
      computed: { id: 'projects/acme-data/locations/europe-west1/keyRings/acme' },
      local: 'no effect here',
    },
    [KEY]: {
      name: 'signing key',
      role: 'helps',
      replacedBy: [
        'name',
        'key_ring',
        'purpose',
        'crypto_key_backend',
        'destroy_scheduled_duration',
        'import_only',
        'version_template.protection_level',
      ],
      apis: ['cloudkms'],
      named: ['name', /^[a-zA-Z0-9_-]{1,63}$/],
      promises: [
        setTo({
          rule: 'no-keys',
          must: 'sign in Cloud KMS, so that nobody holds the key',
          at: 'purpose',
          to: ['ASYMMETRIC_SIGN'],
          weak: 'ENCRYPT_DECRYPT',
          worse: 'it cannot sign',
        }),
        stays('no image can be signed'),
      ],
      costs: () => [
        {
          what: 'a version of the key, by the month',
          price: 'kmsKeyVersion',
          units: 1,
          lower: '`signingKey`: one key for several stacks.',
        },
      ],
      effective: /^(\*|cloudkms\.cryptoKeyVersions)/,
      computed: { id: 'projects/acme-data/locations/europe-west1/keyRings/acme/cryptoKeys/acme' },
      local: 'no effect here',
    },
    'data.google_kms_crypto_key_version': {
      name: 'public key',
      role: 'helps',
      apis: ['cloudkms'],
      computed: { public_key: [{ algorithm: 'EC_SIGN_P256_SHA256', pem: '-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n' }] },
      local: 'no effect here',
    },
    google_binary_authorization_attestor_iam_member: iamMember('an attestor', ['binaryauthorization']),
    google_container_analysis_note_iam_member: iamMember('a note', ['containeranalysis']),
  },
  forbidden: replacers(ATTESTOR, NOTE, KEY, 'google_kms_key_ring'),
  // https://cloud.google.com/iam/docs/roles-permissions
  roles: {
    'roles/binaryauthorization.admin': { permissions: ['binaryauthorization.*'] },
    'roles/binaryauthorization.attestorsViewer': {
      permissions: ['binaryauthorization.attestors.get', 'binaryauthorization.attestors.list'],
    },
    'roles/cloudkms.publicKeyViewer': { permissions: ['cloudkms.cryptoKeyVersions.viewPublicKey'] },
    'roles/cloudkms.signer': { permissions: ['cloudkms.cryptoKeyVersions.useToSign'] },
    'roles/cloudkms.signerVerifier': {
      permissions: ['useToSign', 'useToVerify', 'viewPublicKey'].map((verb) => `cloudkms.cryptoKeyVersions.${verb}`),
      surplus: 'The role to sign and to read the public key also allows to verify, which the public key allows anyway.',
    },
    'roles/containeranalysis.admin': { permissions: ['containeranalysis.*'] },
    'roles/containeranalysis.notes.attacher': {
      permissions: ['containeranalysis.notes.attachOccurrence', 'containeranalysis.notes.get'],
      surplus: 'The role to attach an attestation to a note also allows to read the note: Google has no role without it.',
    },
    'roles/containeranalysis.occurrences.editor': {
      permissions: [
        ...['create', 'delete', 'get', 'list', 'update'].map((verb) => `containeranalysis.occurrences.${verb}`),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
    },
  },
};

function isObeyed(_: Asked, stack: Stack): boolean {
  return stack
    .of(SERVICE, 'google_cloud_run_v2_job', 'google_cloud_run_v2_worker_pool')
    .every((code) => is(code, `${CHECK}.use_default`, true) && code.get(`${CHECK}.breakglass_justification`).length === 0);
}

function hasAlert(policy: Asked, stack: Stack): boolean {
  const isOfProject = (text: string) => text.includes(`resource.labels.project_id = "\${${policy.id}.project}"`);
  return stack.of(ALERT).some(
    (alert) =>
      !is(alert, 'enabled', false) &&
      alert
        .get(LINE)
        .map(String)
        .some((line) => isOnDenied(line) && isOfProject(line)),
  );
}

/** Whoever runs the command in the outputs of the stack: https://cloud.google.com/binary-authorization/docs/making-attestations. */
function signerNeeds(attestor: Asked, stack: Stack): Needed[] {
  const value = (stack as TfStack).json.output?.sign_command?.value;
  const named = references(value);
  if (!named.includes(attestor.id)) return [];
  const need = (may: string, on: string, because: string): Needed => ({ who: 'client', may, on, because });
  const key = named.find((id) => id.startsWith(`${KEY}.`)) ?? '';
  return [
    need('binaryauthorization.attestors.get', attestor.id, 'the command reads which note the attestor has'),
    need('cloudkms.cryptoKeyVersions.viewPublicKey', key, 'the command reads which algorithm the key has'),
    need('cloudkms.cryptoKeyVersions.useToSign', key, 'the command signs the digest of the image'),
    need(
      'containeranalysis.notes.attachOccurrence',
      idOf(attestor, 'attestation_authority_note.note_reference') ?? '',
      'an attestation belongs to the note',
    ),
    need('containeranalysis.occurrences.create', 'project', 'an attestation is created in the project'),
  ];
}
