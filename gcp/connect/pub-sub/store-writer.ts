import type { PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { requireText, type TextRule } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { requireUnique } from '../../foundation/names';
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
  readonly name: string;
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
    this.name = name;
    this.account = new ServiceAccount(this, 'Account', {
      project: site.project,
      accountId: `${site.prefix}-${name}-writer`,
      displayName: `Writes the delivery ${name} of Pub/Sub`,
      dependsOn: [...site.waitFor],
    });
    this.member = this.account.member;
    // An agent that is made on request gets no role on the project, and what it needs on this one account would be enough anyway.
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
  requireUnique(scope, [site.project, site.prefix], 'delivery of a site', name, 'The account that writes is named after it.');
}
