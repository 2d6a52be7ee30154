import { DataGoogleProject } from '@cdktf/provider-google/lib/data-google-project';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { allowEncrypt } from '../../foundation/encryption';
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

/**
 * Let the service agent of Composer use a key. Enabling the API creates the agent with its role. An agent that is created on request
 * would have none, so its name is built from the number of the project.
 */
export function allowComposer(scope: Construct, { project, waitFor }: Site, cryptoKeyId: string | undefined): ITerraformDependable[] {
  const agent = () => {
    const { number } = new DataGoogleProject(scope, 'Project', { projectId: project, dependsOn: [...waitFor] });
    return `serviceAccount:service-${number}@cloudcomposer-accounts.iam.gserviceaccount.com`;
  };
  return allowEncrypt(scope, { cryptoKeyId, agent });
}
