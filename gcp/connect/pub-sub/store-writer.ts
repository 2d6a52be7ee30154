import type { PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { type ITerraformDependable, Token } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,11}$/,
  must: 'be 1 to 11 lower-case letters and digits',
  remedy: 'The name of a service account has no room for more.',
};

/** Settings for {@link StoreWriter}. */
export interface StoreWriterProps {
  /** The project of the service account, and the start of its name. */
  readonly site: Site;
  /** The name of the delivery, unique in the site. */
  readonly name: string;
  /** The store that Pub/Sub writes into. */
  readonly store: DirectStore;
}

/**
 * Part of the Buffer stage: the service account with which Pub/Sub writes into one store. With the Pub/Sub service agent instead,
 * anyone who may create a subscription in the project could write into the store.
 *
 * A delivery costs nothing without events, and is billed by the gigabyte, about as much as publishing. An event can be delivered
 * twice. For events that must be stored within seconds, in order, or changed, use a function instead.
 * @see https://cloud.google.com/pubsub/docs/bigquery
 * @see https://cloud.google.com/pubsub/docs/cloudstorage
 */
export class StoreWriter extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The service account, for anything this construct does not cover. */
  readonly account: ServiceAccount;
  /** The part of the subscription with the store and the service account. */
  readonly config: Pick<PubsubSubscriptionConfig, 'bigqueryConfig' | 'cloudStorageConfig'>;
  /** What the subscription waits for: Google checks the permission to write when the subscription is created. */
  readonly ready: ITerraformDependable;

  constructor(scope: Construct, id: string, { site, name, store }: StoreWriterProps) {
    super(scope, id);
    needApis(this, 'iam');
    this.name = name;
    this.account = accountOf(this, 'Account', site, `${site.prefix}-${name}-writer`, `Writes the delivery ${name} of Pub/Sub`);
    this.member = this.account.member;
    // A service agent that Terraform creates has no role on the project. It needs this role on this service account only.
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
 * Refuse a name that is not valid for a service account, or that another delivery of the site has: both would use one account. Refuse
 * a store in another region: Pub/Sub would create the subscription, and write nothing.
 * @throws SettingError
 * @see https://cloud.google.com/pubsub/docs/resource-location-restriction
 */
export function requireDelivery(scope: IConstruct, { project, prefix, region }: Site, store: DirectStore, name: string) {
  requireText(scope, { 'the name of a delivery': name }, NAME);
  if (store.region !== region && [store.region, region].every(isKnown)) {
    const rule = `a store that Pub/Sub writes into must be in the region of its topic, ${region}`;
    throw new SettingError(scope, rule, `"${store.region}"`, 'Create the store in this region, or let a function write into it.');
  }
  takeName(scope, 'delivery of a site', name, [project, prefix], 'The service account of a delivery has its name.');
}

function isKnown(text: string): boolean {
  return !Token.isUnresolved(text) && !text.includes('${');
}
