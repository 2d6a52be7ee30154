import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { CodeSource, type CodeSourceProps } from '../../foundation/code-source';

/** Settings for {@link AppSource}. */
export interface AppSourceProps extends Omit<CodeSourceProps, 'kind'> {
  /** The IAM member of the service account that builds and runs the service. */
  readonly member: string;
}

/**
 * Part of the Connect stage: the code of a service of App Engine, and the roles of its build.
 *
 * App Engine builds a version as the service account that it runs as, and puts the image into the repository `gae-standard`, which
 * it creates at the first deploy of a project.
 * @see https://cloud.google.com/appengine/migration-center/migrate-to-artifact-registry
 */
export class AppSource extends CodeSource {
  /** The address of the code. */
  readonly url: string;
  /** The role grants of the build. A build that starts before they are effective fails. */
  readonly grants: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { site, name, code, member }: AppSourceProps) {
    super(scope, id, { site, name, kind: 'app', code });
    const { project } = site;
    const { bucket, object } = this;
    this.url = `https://storage.googleapis.com/${bucket.name}/${object.name}`;
    this.grants = [
      new StorageBucketIamMember(this, 'SourceReader', { bucket: bucket.id, role: 'roles/storage.objectViewer', member }),
      new ProjectIamMember(this, 'ImageWriter', {
        project,
        role: 'roles/artifactregistry.createOnPushWriter',
        member,
        // The repository is not there before the first build, which creates it.
        condition: { title: 'images-of-app-engine', expression: `${REPOSITORY} == "" || ${REPOSITORY}.startsWith("gae-standard")` },
      }),
      new ProjectIamMember(this, 'LogWriter', { project, role: 'roles/logging.logWriter', member }),
    ];
  }
}

/** What follows in the name of a resource that is a repository, or is in one. */
const REPOSITORY = 'resource.name.extract("/repositories/{rest}")';
