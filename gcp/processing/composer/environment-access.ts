import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { Site } from '../../ports/site';

/**
 * Let an account run an environment. Composer refuses one whose account does not have this role on the project.
 * @see https://cloud.google.com/composer/docs/composer-3/access-control
 */
export function allowWorker(scope: Construct, { project }: Site, member: string): ProjectIamMember {
  const worker = new ProjectIamMember(scope, 'Worker', { project, role: 'roles/composer.worker', member });
  acknowledge(worker, {
    CKV_GCP_49: 'Composer refuses an environment whose account does not have this role on the project, and Google has no smaller one.',
  });
  return worker;
}
