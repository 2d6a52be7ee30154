import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { Construct } from 'constructs';
import type { TextRule } from '../../shared/synth/settings';
import type { Site } from '../ports/site';

/** The email of a service account. */
export const EMAIL: TextRule = {
  pattern: /^[^@:\s]+@\S+\.gserviceaccount\.com$/,
  must: 'be the email of a service account',
  remedy: 'Find it with gcloud iam service-accounts list.',
};

/** A service account, for one purpose only. */
export function accountOf(
  scope: Construct,
  id: string,
  { project, waitFor }: Site,
  accountId: string,
  displayName: string,
): ServiceAccount {
  return new ServiceAccount(scope, id, { project, accountId, displayName, dependsOn: [...waitFor] });
}
