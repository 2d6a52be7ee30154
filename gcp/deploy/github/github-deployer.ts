import { IamWorkloadIdentityPool } from '@cdktf/provider-google/lib/iam-workload-identity-pool';
import { IamWorkloadIdentityPoolProvider } from '@cdktf/provider-google/lib/iam-workload-identity-pool-provider';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { requireText } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { Site } from '../../ports/site';
import { BUCKET, ENVIRONMENT, POOL_PREFIX, REPOSITORY, REPOSITORY_ID } from './deployer-settings';

const ISSUER = 'https://token.actions.githubusercontent.com';
/**
 * Who a job is. Not `assertion.sub`, which has numbers in it (`repo:acme@1/data@2:...`) for repositories that were created, renamed or
 * transferred since July 2026, and which a repository can set to another form. A job without an environment has no subject, and is
 * refused.
 * @see https://docs.github.com/actions/reference/security/oidc
 */
const SUBJECT = '"repo:" + assertion.repository + ":environment:" + assertion.environment';

/** What the constructs here take to be deployed, beside the grants of roles, which {@link GIVES} bounds. */
export const DEPLOYS: readonly string[] = [
  'roles/serviceusage.serviceUsageAdmin',
  'roles/iam.serviceAccountAdmin',
  'roles/iam.serviceAccountUser',
  'roles/pubsub.admin',
  'roles/appengine.appAdmin',
  // Whoever deploys a version of App Engine starts its build.
  'roles/cloudbuild.builds.editor',
  'roles/cloudfunctions.admin',
  'roles/run.admin',
  'roles/artifactregistry.admin',
  'roles/storage.admin',
  'roles/bigquery.admin',
  'roles/datacatalog.categoryAdmin',
  'roles/datastore.owner',
  'roles/spanner.admin',
  'roles/bigtable.admin',
  'roles/secretmanager.admin',
  'roles/cloudscheduler.admin',
  'roles/workflows.admin',
  'roles/composer.admin',
  'roles/dataflow.developer',
  'roles/notebooks.admin',
  'roles/looker.admin',
  'roles/cloudkms.admin',
  // A plan reads the public key of the key that signs images, which the role above does not allow.
  'roles/cloudkms.publicKeyViewer',
  'roles/binaryauthorization.admin',
  'roles/containeranalysis.admin',
  'roles/monitoring.editor',
  'roles/parametermanager.admin',
  // Sinks of logs; and an alert on lines of a log is a rule of Cloud Logging too.
  'roles/logging.configWriter',
];
/** The roles that a construct here gives on the project, some under a condition. A deploy can give no other. */
export const GIVES: readonly string[] = [
  'roles/artifactregistry.createOnPushWriter',
  'roles/bigquery.jobUser',
  'roles/bigquery.readSessionUser',
  'roles/composer.worker',
  'roles/containeranalysis.occurrences.editor',
  'roles/dataflow.developer',
  'roles/dataflow.worker',
  'roles/dataproc.serverlessEditor',
  'roles/dataproc.serverlessNode',
  'roles/datastore.user',
  'roles/datastore.viewer',
  'roles/logging.logWriter',
  'roles/monitoring.viewer',
  'roles/parametermanager.parameterViewer',
  'roles/storage.objectViewer',
  'roles/workflows.invoker',
];

const MAKES_ACCOUNTS =
  'A deploy makes the accounts that functions and subscriptions act as, so nothing narrower is there to give the role on.';
const RUNS_AS = 'What it starts runs as an account that the deploy makes, and Google has no role that starts it on less than the project.';
/** Why whoever deploys has a say in accounts. */
const ACTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'roles/iam.serviceAccountAdmin': { CKV_GCP_49: MAKES_ACCOUNTS },
  'roles/cloudbuild.builds.editor': { CKV_GCP_49: RUNS_AS },
  'roles/dataflow.developer': { CKV_GCP_49: RUNS_AS },
  'roles/iam.serviceAccountUser': { CKV_GCP_41: MAKES_ACCOUNTS, CKV_GCP_49: MAKES_ACCOUNTS },
};

/** Settings for {@link GithubDeployer}. */
export interface GithubDeployerProps {
  readonly site: Site;
  /** The repository on github.com, such as `acme/data-platform`. Nobody else is let in. */
  readonly repository: string;
  /** The number of the repository: somebody who takes over its name has another one. `gh api repos/acme/data-platform --jq .id` says it. */
  readonly repositoryId: string;
  /** The existing bucket that holds the state of Terraform. */
  readonly stateBucket: string;
  /**
   * The environment of the repository whose jobs deploy. Jobs of the environment of that name with `-plan` behind it plan. Who may
   * approve jobs, and from which branches they come, is set there.
   * @default prod
   */
  readonly environment?: string;
}

/**
 * Two service accounts for jobs of GitHub Actions, without a key: GitHub signs who a job is, and this project trusts that for two
 * environments of one repository. One deploys what the constructs here make. The other plans: it reads the state, and nothing else. What a
 * template looks up it may not read: `docs/deploy-from-ci.md` has the role for such templates.
 *
 * Whoever deploys is an administrator of what is deployed. It gives roles on the project from a list alone, but it can act as each service
 * account of the project: keep accounts with wider roles, such as a default account that is an editor, out of it. It makes the key
 * that signs images and cannot sign with it, but it can give itself the role: have the policy of images in a stack that an owner deploys if
 * builds and deploys must not trust each other.
 *
 * It costs nothing. A deploy changes everything in place but the prefix and the project. Google keeps the id of a deleted pool for 30 days:
 * to create it again within that time, bring it back with `gcloud iam workload-identity-pools undelete` and import it.
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
 */
export class GithubDeployer extends Construct {
  /** The name of the provider, which a job asks for its token. */
  readonly provider: string;
  readonly deployer: ServiceAccount;
  readonly planner: ServiceAccount;

  private readonly pool: IamWorkloadIdentityPool;

  constructor(scope: Construct, id: string, props: GithubDeployerProps) {
    super(scope, id);
    const { site, repository, repositoryId, stateBucket, environment = 'prod' } = props;
    requireText(this, { repository }, REPOSITORY);
    requireText(this, { repositoryId }, REPOSITORY_ID);
    requireText(this, { stateBucket }, BUCKET);
    requireText(this, { environment }, ENVIRONMENT);
    requireText(this, { 'site.prefix': site.prefix }, POOL_PREFIX);
    takeName(this, 'deployer of a site', 'github', [site.project, site.prefix], 'Give the site of each environment a prefix of its own.');
    needApis(this, 'iamcredentials', 'sts', 'storage');

    const { project, prefix } = site;
    const dependsOn = [...site.waitFor];
    this.pool = new IamWorkloadIdentityPool(this, 'Pool', { project, workloadIdentityPoolId: `${prefix}-github`, dependsOn });
    const provider = new IamWorkloadIdentityPoolProvider(this, 'Provider', {
      project,
      workloadIdentityPoolId: this.pool.workloadIdentityPoolId,
      workloadIdentityPoolProviderId: 'github',
      attributeMapping: { 'google.subject': SUBJECT },
      attributeCondition: `assertion.repository == "${repository}" && assertion.repository_id == "${repositoryId}"`,
      oidc: { issuerUri: ISSUER },
    });
    this.provider = provider.name;

    const subject = `repo:${repository}:environment:${environment}`;
    this.deployer = this.account('Deployer', site, `${prefix}-deploy`, subject);
    this.planner = this.account('Planner', site, `${prefix}-plan`, `${subject}-plan`);
    acknowledge(provider, {
      CKV_GCP_125: 'The condition names the repository and its number. Which environment acts as which account, each account says.',
    });
    for (const role of DEPLOYS) {
      const grant = new ProjectIamMember(this.deployer, nameOf(role), { project, role, member: this.deployer.member });
      if (role in ACTS) acknowledge(grant, ACTS[role]!);
    }
    new ProjectIamMember(this.deployer, 'projectIamAdmin', {
      project,
      role: 'roles/resourcemanager.projectIamAdmin',
      member: this.deployer.member,
      condition: { title: 'gives-few-roles', expression: mayGive(GIVES) },
    });
    const state = (account: ServiceAccount, role: string) =>
      new StorageBucketIamMember(account, 'State', { bucket: stateBucket, role, member: account.member });
    state(this.deployer, 'roles/storage.objectUser');
    state(this.planner, 'roles/storage.objectViewer');
  }

  /** A service account that the jobs of one environment act as. */
  private account(id: string, { project, waitFor }: Site, accountId: string, subject: string): ServiceAccount {
    const account = new ServiceAccount(this, id, { project, accountId, dependsOn: [...waitFor] });
    new ServiceAccountIamMember(account, 'Github', {
      serviceAccountId: account.name,
      role: 'roles/iam.workloadIdentityUser',
      member: `principal://iam.googleapis.com/${this.pool.name}/subject/${subject}`,
    });
    return account;
  }
}

/** @see https://cloud.google.com/iam/docs/setting-limits-on-granting-roles */
function mayGive(roles: readonly string[]): string {
  const list = roles.map((role) => `'${role}'`).join(', ');
  return `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${list}])`;
}

/** `roles/pubsub.admin` as an id: `pubsubAdmin`. */
function nameOf(role: string): string {
  return role.replace('roles/', '').replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
}
