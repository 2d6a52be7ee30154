import type { PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { type ITerraformDependable, TerraformStack } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import type { DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,11}$/,
  must: 'be 1 to 11 lower-case letters and digits',
  remedy: 'A service account has room for no more.',
};

/** Settings for {@link StoreWriter}. */
export interface StoreWriterProps {
  /** Where the account stands. */
  readonly site: Site;
  /** What tells this delivery from others of the site. */
  readonly name: string;
  /** What Pub/Sub writes into. */
  readonly store: DirectStore;
}

/**
 * Part of the Buffer stage: the service account as which Pub/Sub writes into one store. With the account of Pub/Sub itself,
 * whoever may make a subscription in the project could write into the store through it.
 *
 * A delivery costs nothing while nothing is sent, then by the gigabyte, about as much as publishing. An event can come twice. Not
 * for events that must be stored within seconds, in their order, or otherwise than they came: a function serves those.
 * @see https://cloud.google.com/pubsub/docs/create-cloudstorage-subscription
 */
export class StoreWriter extends Construct implements Workload {
  readonly member: string;
  /** The account, for anything this construct does not cover. */
  readonly account: ServiceAccount;
  /** The part of the subscription that names the store and the account. */
  readonly config: Pick<PubsubSubscriptionConfig, 'bigqueryConfig' | 'cloudStorageConfig'>;
  /** What the subscription waits for: Google tries to write when it is made. */
  readonly ready: ITerraformDependable;

  constructor(scope: Construct, id: string, { site, name, store }: StoreWriterProps) {
    super(scope, id);
    needApis(this, 'iam');
    this.account = new ServiceAccount(this, 'Account', {
      project: site.project,
      accountId: accountIdOf(site, name),
      displayName: `Writes the delivery ${name} of Pub/Sub`,
      dependsOn: [...site.waitFor],
    });
    this.member = this.account.member;
    // The role of Pub/Sub on the whole project would do too, but an agent that is made on request does not get it.
    const act = new ServiceAccountIamMember(this, 'Impersonator', {
      serviceAccountId: this.account.name,
      role: 'roles/iam.serviceAccountTokenCreator',
      member: site.pubSubAgent,
    });
    const { config, waitFor } = store.bindDelivery(this);
    const { bigqueryConfig, cloudStorageConfig } = config;
    const serviceAccountEmail = this.account.email;
    this.config = {
      bigqueryConfig: bigqueryConfig && { ...bigqueryConfig, serviceAccountEmail },
      cloudStorageConfig: cloudStorageConfig && { ...cloudStorageConfig, serviceAccountEmail },
    };
    this.ready = new Propagation(this, 'Propagation', [act, ...waitFor]);
  }
}

/**
 * Refuse a name that names no account, and one that another delivery of the site has: the two would be one account.
 * @throws SettingError
 */
export function requireOwnName(scope: IConstruct, site: Site, name: string) {
  requireText(scope, { 'the name of a delivery': name }, NAME);
  const writers = TerraformStack.of(scope)
    .node.findAll()
    .filter((one) => one instanceof StoreWriter);
  if (writers.every(({ account }) => account.accountIdInput !== accountIdOf(site, name))) return;
  throw new SettingError(
    scope,
    'each delivery of a site must have a name of its own',
    `"${name}" again`,
    'The account that writes is named after it.',
  );
}

function accountIdOf({ prefix }: Site, name: string): string {
  return `${prefix}-${name}-writer`;
}
