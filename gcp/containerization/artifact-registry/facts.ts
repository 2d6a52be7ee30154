import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { type Asked, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { allOf, iamMember, keyNeeds, RETAINED, replacers } from '../../foundation/promises';

const REPOSITORY = 'google_artifact_registry_repository';
const WRITER = 'roles/artifactregistry.writer';
const READS = [
  ...['downloadArtifacts', 'get', 'list', 'listEffectiveTags', 'listTagBindings', 'readViaVirtualRepository'].map(
    (verb) => `artifactregistry.repositories.${verb}`,
  ),
  'artifactregistry.projectsettings.get',
  ...['dockerimages', 'files', 'locations', 'mavenartifacts', 'npmpackages', 'packages', 'pythonpackages', 'tags', 'versions'].flatMap(
    (kind) => ['get', 'list'].map((verb) => `artifactregistry.${kind}.${verb}`),
  ),
];
const WRITES = [
  'repositories.uploadArtifacts',
  ...['aptartifacts.create', 'kfpartifacts.create', 'yumartifacts.create'],
  ...['files.download', 'files.update', 'packages.update', 'tags.create', 'tags.update'],
].map((one) => `artifactregistry.${one}`);

export const facts: ServiceFacts = {
  name: 'Artifact Registry',
  local: { not: 'the local run has no registry of images' },
  unproven: [
    'That Artifact Registry deletes images without a tag by the cleanup policy, and keeps the newest of each name.',
    'That Cloud Run pulls from a repository of its own project without a grant.',
  ],
  types: {
    [REPOSITORY]: {
      name: 'repository of images',
      replacedBy: ['repository_id', 'location', 'project', 'format', 'mode', 'kms_key_name', 'maven_config', 'remote_repository_config'],
      role: (repository, stack) => (isBuiltInto(repository, stack) ? 'helps' : 'holds data'),
      named: ['repository_id', /^(?=.{1,63}$)[a-z](-?[a-z0-9])*$/],
      tells: (repository) => [
        'Artifact Registry',
        is(repository, 'docker_config.immutable_tags', true) ? 'immutable tags' : undefined,
        is(repository, 'vulnerability_scanning_config.enablement_config', 'INHERITED') ? 'scanned as the project' : undefined,
        said.kept(repository),
      ],
      flow: (repository, seen) =>
        seen.access
          .filter(({ identity, may, on }) => identity === 'client' && may === WRITER && on === repository.name)
          .map(({ may }) => ({
            from: 'client',
            how: `docker push, Google access token, ${may}`,
            to: repository.stage,
            notes: seen.tell(repository),
            between: ['client', repository.id],
          })),
      takes: [WRITER, 'roles/artifactregistry.admin'],
      needs: (repository, stack) => [
        ...pusherNeeds(repository, stack),
        ...keyNeeds(repository, 'kms_key_name', agentOf(stack), 'Artifact Registry encrypts and decrypts images with it'),
      ],
      promises: [
        ofData(RETAINED),
        ofData(
          setTo({
            rule: 'undelete',
            must: 'have immutable tags, so that no push replaces an image',
            at: 'docker_config.immutable_tags',
            to: [true],
            weak: false,
            worse: 'a push replaces the image of a tag',
          }),
        ),
        ofData(
          promised('undelete', 'keep the newest images, and delete by age only those without a tag', keepsImages, {
            'the newest image is deleted, though it still runs': set('cleanup_policies.0.action', 'DELETE'),
            'images with a tag are deleted, though they still run': set('cleanup_policies.1.condition.tag_state', 'ANY'),
          }),
        ),
        ofData(
          setTo({
            rule: 'scanned',
            must: 'be scanned for vulnerabilities if the project is',
            at: 'vulnerability_scanning_config.enablement_config',
            to: ['INHERITED'],
            weak: 'DISABLED',
            worse: 'images are not scanned',
          }),
        ),
        promised('housekeeping', 'delete old images', (repository) => !isDry(repository) && policies(repository, 'DELETE').length > 0, {
          'images are kept for ever': set('cleanup_policies'),
          'the cleanup is a dry run': set('cleanup_policy_dry_run', true),
        }),
      ],
      answered: {
        encrypted: 'Google encrypts every image with a Google-managed key. encryptionKey sets your own key.',
        private: 'Only members of roles can pull: an IAM member that is everyone is refused.',
        rings: 'Artifact Registry has no metric of a fault. Artifact Analysis reports what a scan finds.',
      },
      costs: (repository, { stack }) =>
        isBuiltInto(repository, stack)
          ? [{ what: 'an image of 0.3 GB', price: 'artifactStorage', units: 0.3, lower: 'No setting: the function runs this image.' }]
          : [
              {
                what: 'ten images of 0.3 GB',
                price: 'artifactStorage',
                units: 3,
                lower: 'A lower `keepUntaggedDays` of the registry, and fewer tags.',
              },
            ],
      apis: ['artifactregistry'],
      effective: /^(\*|artifactregistry\.)/,
      computed: { id: 'projects/acme-data/locations/europe-west1/repositories/acme' },
      local: 'no effect here',
    },
    google_artifact_registry_repository_iam_member: iamMember('a repository of images', ['artifactregistry']),
  },
  forbidden: replacers(REPOSITORY),
  // https://cloud.google.com/iam/docs/roles-permissions/artifactregistry
  roles: {
    'roles/artifactregistry.admin': { permissions: ['artifactregistry.*'] },
    'roles/artifactregistry.reader': { permissions: READS },
    [WRITER]: { permissions: [...READS, ...WRITES] },
  },
};

/** Whether a service builds its images into it, and can build them again. Otherwise somebody pushed them. */
function isBuiltInto(repository: Asked, stack: Stack): boolean {
  return stack.all.some((code) => code.refers('build_config.docker_repository').some(({ id }) => id === repository.id));
}

function ofData(promise: Promised): Promised {
  return { ...promise, concerns: (repository, stack) => !isBuiltInto(repository, stack) };
}

function policies(repository: Asked, action: string): Body[] {
  return (repository.get('cleanup_policies') as readonly Body[]).filter((policy) => policy.action === action);
}

function keepsImages(repository: Asked): boolean {
  const conditions = policies(repository, 'DELETE').map(({ condition }) => (condition as Body | undefined)?.tag_state);
  return policies(repository, 'KEEP').length > 0 && conditions.every((state) => state === 'UNTAGGED');
}

function isDry(repository: Asked): boolean {
  return only(repository, 'cleanup_policy_dry_run') === true;
}

function agentOf(stack: Stack): string {
  const agent = stack.of('google_project_service_identity').find((one) => is(one, 'service', 'artifactregistry.googleapis.com'));
  return agent?.id ?? 'the Artifact Registry service agent of the project';
}

/** Builds push to the address in the outputs of the stack: https://cloud.google.com/artifact-registry/docs/docker/pushing-and-pulling#auth. */
function pusherNeeds(repository: Asked, stack: Stack): Needed[] {
  const { output } = (stack as TfStack).json;
  const isTarget = references(output?.push_to?.value).includes(repository.id);
  return isTarget ? allOf(WRITER).map((may) => ({ who: 'client', may, on: repository.id, because: 'a build pushes' })) : [];
}
