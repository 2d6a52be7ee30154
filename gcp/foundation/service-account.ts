import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { Construct } from 'constructs';
import type { TextRule } from '../../shared/synth/settings';
import type { Site } from '../ports/site';

/** The end of a name that a service account has too, with the prefix of a site before it and its purpose behind it. */
export const ACCOUNT_NAME: TextRule = {
  pattern: /^[a-z0-9]{1,10}$/,
  must: 'be 1 to 10 lower-case letters and digits',
  remedy: 'The name of a service account has no room for more.',
};
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

/** The id of a service account by its email, which has its project if it is known. */
export function accountId(email: string, { project }: Pick<Site, 'project'>): string {
  const [, its = project] = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/.exec(email) ?? [];
  return `projects/${its}/serviceAccounts/${email}`;
}
