import { DataGoogleBigqueryDefaultServiceAccount } from '@cdktf/provider-google/lib/data-google-bigquery-default-service-account';
import { DataGoogleProject } from '@cdktf/provider-google/lib/data-google-project';
import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { type ITerraformDependable, TerraformStack } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { keepAddress, resolved } from '../../shared/synth/kept-name';
import type { Site } from '../ports/site';
import { Propagation } from './propagation';

/**
 * The service agents that are not created on request. Those of Compute Engine, Composer, Dataflow and Dataproc are there with their role
 * when their API is enabled, and would have no role otherwise, so their names are built from the number of the project.
 */
const AGENTS: Readonly<Record<string, (scope: Construct, site: Site) => string>> = {
  bigquery: (scope, { project, waitFor }) =>
    new DataGoogleBigqueryDefaultServiceAccount(scope, 'Agent', { project, dependsOn: [...waitFor] }).member,
  storage: (scope, { project, waitFor }) =>
    new DataGoogleStorageProjectServiceAccount(scope, 'Agent', { project, dependsOn: [...waitFor] }).member,
  composer: numbered('cloudcomposer-accounts'),
  compute: numbered('compute-system'),
  dataflow: numbered('dataflow-service-producer-prod'),
  dataproc: numbered('dataproc-accounts'),
};

function numbered(domain: string) {
  return (scope: Construct, { project: projectId, waitFor }: Site) => {
    const isIt = (one: IConstruct): one is DataGoogleProject =>
      one instanceof DataGoogleProject && resolved(scope, one.projectIdInput!) === resolved(scope, projectId);
    const known = TerraformStack.of(scope).node.findAll().find(isIt);
    const { number } = known ?? new DataGoogleProject(scope, 'Project', { projectId, dependsOn: [...waitFor] });
    return `serviceAccount:service-${number}@${domain}.iam.gserviceaccount.com`;
  };
}

/** For each stack, the waits for the grants of keys. */
const allowed = new WeakMap<TerraformStack, Map<string, Propagation>>();

/** Who encrypts with a key. */
export interface Encrypters {
  /** The project of the service agents. */
  readonly site: Site;
  /** The id of the Cloud KMS key, in the region of what it encrypts. Without one, a Google-managed key encrypts, and nothing is granted. */
  readonly cryptoKeyId?: string;
  /** The services whose agents encrypt, such as `spanner`. */
  readonly services: readonly string[];
}

/**
 * Let service agents encrypt and decrypt with a key. What else of the stack has the key of the same agent shares its grant: with
 * either of two equal grants, Google takes both away, and then nobody can read what the key encrypts.
 * @returns what must exist before a resource that has the key: Google checks the permission when it creates one, and the provider
 * does not retry
 * @see https://cloud.google.com/kms/docs/cmek#service-agents
 */
export function allowEncrypt(scope: Construct, { site, cryptoKeyId, services }: Encrypters): ITerraformDependable[] {
  if (!cryptoKeyId) return [];
  const stack = TerraformStack.of(scope);
  const ofStack = allowed.get(stack) ?? new Map<string, Propagation>();
  allowed.set(stack, ofStack);
  return services.map((service) => {
    const key = JSON.stringify([service, resolved(scope, site.project), resolved(scope, cryptoKeyId)]);
    const wait = ofStack.get(key) ?? grant(scope, { site, cryptoKeyId, service }, services.length > 1 ? `-${service}` : '');
    ofStack.set(key, wait);
    return wait;
  });
}

/** Its address is that of the agent and the key: it stays if the construct that came first is removed. */
function grant(scope: Construct, { site, cryptoKeyId, service }: Omit<Encrypters, 'services'> & { service: string }, end: string) {
  const member = new KmsCryptoKeyIamMember(scope, `Encrypter${end}`, {
    cryptoKeyId: cryptoKeyId!,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: AGENTS[service]?.(scope, site) ?? site.agentOf(service),
    // A service agent never changes. Terraform reads it again when an API is added, and would replace the grant.
    lifecycle: { ignoreChanges: ['member'] },
  });
  keepAddress(member, `${service}-${site.project}-${cryptoKeyId}`);
  return new Propagation(scope, `Propagation${end}`, [member]);
}
