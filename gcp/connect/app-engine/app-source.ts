import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/** Settings for {@link AppSource}. */
export interface AppSourceProps {
  /** The project and the region of the bucket. */
  readonly site: Site;
  /** The name of the service, with the prefix. */
  readonly name: string;
  /** The bundled handler: the absolute path of a zip, and its hash. */
  readonly code: { readonly zip: string; readonly hash: string };
  /** The IAM member of the service account that builds and runs the service. */
  readonly member: string;
}

/**
 * Part of the Connect stage: a private bucket with the code of a service of App Engine, and the roles of its build. The name of the
 * object contains the hash of the code. Replaced code is kept for 30 days.
 *
 * App Engine builds a version as the service account that it runs as, and puts the image into the repository `gae-standard`, which
 * it creates at the first deploy of a project.
 * @see https://cloud.google.com/appengine/migration-center/migrate-to-artifact-registry
 */
export class AppSource extends Construct {
  /** The address of the code. */
  readonly url: string;
  /** The role grants of the build. A build that starts before they are effective fails. */
  readonly grants: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, { site, name, code, member }: AppSourceProps) {
    super(scope, id);
    const { project, region: location, waitFor } = site;
    const bucket = new StorageBucket(this, 'Bucket', {
      project,
      name: `${project}-${name}-source`,
      location,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      lifecycleRule: [{ action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 30 } }],
      softDeletePolicy: { retentionDurationSeconds: 0 },
      // The code comes from this stack, so it is deleted with it.
      forceDestroy: true,
      dependsOn: [...waitFor],
    });
    acknowledge(bucket, {
      CKV_GCP_62:
        'It holds the code of the service, no events, and only its build reads it. To log each access, enable the Data Access audit logs of the project.',
    });
    const asset = new TerraformAsset(this, 'Zip', { path: code.zip, type: AssetType.FILE, assetHash: code.hash });
    const object = new StorageBucketObject(this, 'Object', { bucket: bucket.name, name: `app-${code.hash}.zip`, source: asset.path });
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
