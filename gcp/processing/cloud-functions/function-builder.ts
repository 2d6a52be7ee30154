import { ArtifactRegistryRepository } from '@cdktf/provider-google/lib/artifact-registry-repository';
import { ArtifactRegistryRepositoryIamMember } from '@cdktf/provider-google/lib/artifact-registry-repository-iam-member';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { accountOf } from '../../foundation/service-account';
import type { Site } from '../../ports/site';

/** Settings for {@link FunctionBuilder}. */
export interface FunctionBuilderProps {
  /** The project and the region of the builder. */
  readonly site: Site;
  /** The name of the function, with the prefix. */
  readonly name: string;
}

/**
 * Part of the Processing stage: the service account that builds the image of a function, and the repository of the image.
 * Without it, Cloud Build uses the default service account of the project, which has no permissions in newer organizations.
 * @see https://cloud.google.com/functions/docs/securing/build-custom-sa
 */
export class FunctionBuilder extends Construct {
  readonly account: ServiceAccount;
  readonly repository: ArtifactRegistryRepository;
  /** The role grants of the builder. A build that starts before they are effective fails, and so does the function. */
  readonly grants: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { site, name }: FunctionBuilderProps) {
    super(scope, id);
    const { project, region: location } = site;
    const dependsOn = [...site.waitFor];
    this.account = accountOf(this, 'Account', site, `${name}-builder`, `Builds the function ${name}`);
    this.repository = new ArtifactRegistryRepository(this, 'Repository', {
      project,
      location,
      repositoryId: `${name}-images`,
      format: 'DOCKER',
      description: `Images of the function ${name}`,
      cleanupPolicies: [
        { id: 'keep-latest', action: 'KEEP', mostRecentVersions: { keepCount: 5 } },
        { id: 'delete-old', action: 'DELETE', condition: { tagState: 'ANY', olderThan: `${30 * 24 * 3600}s` } },
      ],
      dependsOn,
    });
    acknowledge(this.repository, {
      CKV_GCP_84:
        'It holds images of the code, no events, and Google encrypts it with a Google-managed key. For your own key, set kmsKeyName on the ' +
        'repository of the builder, and kmsKeyName on the function to the same key.',
    });

    const { member } = this.account;
    this.grants = [
      new ArtifactRegistryRepositoryIamMember(this, 'ImageWriter', {
        project,
        location,
        repository: this.repository.id,
        role: 'roles/artifactregistry.writer',
        member,
      }),
      // Google copies the code into its own bucket before the build.
      new ProjectIamMember(this, 'SourceReader', {
        project,
        role: 'roles/storage.objectViewer',
        member,
        condition: {
          title: 'function-sources',
          expression: 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")',
        },
      }),
      new ProjectIamMember(this, 'LogWriter', { project, role: 'roles/logging.logWriter', member }),
    ];
  }
}
