import { LookerInstance as Instance } from '@cdktf/provider-google/lib/looker-instance';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { type Edition, lookerSettings, type MaintenanceWindow, type OauthClient } from './looker-settings';

/** Settings for {@link LookerInstance}. */
export interface LookerInstanceProps {
  /** The project, the region and the prefix of the instance. */
  readonly site: Site;
  /** What Looker reads, by name: each a `SharedView`. A change is made in place, and needs no restart. */
  readonly views: Readonly<Record<string, Pick<TableStore, 'bindReader'>>>;
  /**
   * What is bought, by the year: `STANDARD` for up to 50 people, `ENTERPRISE` for more and for private addresses and keys of yours, `EMBED`
   * for dashboards in an application of yours, and `NONPROD_` and one of these for tests. A change is a replacement, which fails: Looker
   * has no change of edition in place.
   */
  readonly edition: Edition;
  /**
   * The OAuth client with which people sign in. Create it by hand: see `docs/looker.md`. Give its secret by a sensitive variable. Both
   * values are in the state in clear text, so keep the state where few may read it.
   */
  readonly oauthClient: OauthClient;
  /** The domains of email addresses that content may be sent to, such as `['example.com']`. A change restarts the instance. */
  readonly emailDomains: readonly string[];
  /**
   * The end of the name of the instance: 1 to 20 lower-case letters and digits. A change is a replacement, as for `edition`.
   * @default looker
   */
  readonly name?: string;
  /**
   * When Google updates the instance, once a month. Nobody can use it meanwhile.
   * @default - Sunday at 3 in UTC
   */
  readonly maintenanceWindow?: MaintenanceWindow;
  /**
   * The id of an existing VPC network with private services access, from which alone the instance is reached. It takes edition
   * `ENTERPRISE` or `EMBED`. It is chosen when the instance is created: Google refuses a change.
   * @default - the instance has a public address, at which people sign in
   */
  readonly network?: string;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts what is in the instance. The Looker service agent of the project
   * is granted the use of the key. It takes edition `ENTERPRISE` or `EMBED`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * What happens to the instance, with its dashboards, models and users, when the stack is deleted. With `retain`, `terraform destroy`
   * fails. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Visualize stage: an instance of Looker (Google Cloud core), for models that many dashboards share. It costs about 5,000 dollars a month
 * at least, whether somebody uses it or not, and is paid by the year.
 *
 * For dashboards on one view, use a `SharedView` with Data Studio, which costs nothing but its queries. Looker is for definitions of
 * measures that must be the same in hundreds of dashboards, for row-level rules by user, or for dashboards within another application.
 *
 * It reads its views as the Looker service agent, of which a project has one: every instance of the project can read what one may read.
 * In Looker, add a connection of the dialect Google BigQuery Standard SQL with Application Default Credentials, and the project and the
 * dataset of a view. Persistent derived tables need a dataset of their own, with more permissions: they are not in here.
 *
 * An apply takes about an hour. Queries are billed by the bytes that they read. A deploy replaces the instance with another edition,
 * name, region or project. Everything but `network` can be changed in place, mostly with a restart. Google backs it up each day, and
 * restores a backup only into the same instance. There is no alert: nothing waits for a dashboard.
 * @see https://cloud.google.com/looker/docs/looker-core-overview
 */
export class LookerInstance extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The instance, for anything this construct does not cover. */
  readonly instance: Instance;
  /** The address at which people sign in. It must be in the OAuth client, with `/oauth2callback` at its end. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: LookerInstanceProps) {
    super(scope, id);
    const { site, views, edition, oauthClient, emailDomains, network, encryptionKey: cryptoKeyId } = props;
    const { name, maintenanceWindow } = lookerSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    const { project, region } = site;
    takeName(this, 'Looker instance of a site', name, [project, site.prefix]);
    needApis(this, 'bigquery', 'looker');
    this.name = name;
    this.member = site.agentOf('looker');
    for (const [view, shared] of Object.entries(views)) shared.bindReader(this, view);
    new ProjectIamMember(this, 'JobUser', { project, role: 'roles/bigquery.jobUser', member: this.member, dependsOn: [...site.waitFor] });

    this.instance = new Instance(this, 'Instance', {
      project,
      region,
      name: `${site.prefix}-${name}`,
      platformEdition: `LOOKER_CORE_${edition}_ANNUAL`,
      oauthConfig: { ...oauthClient },
      adminSettings: { allowedEmailDomains: [...emailDomains] },
      publicIpEnabled: network === undefined,
      privateIpEnabled: network !== undefined,
      consumerNetwork: network,
      maintenanceWindow: { dayOfWeek: maintenanceWindow.day, startTime: { hours: maintenanceWindow.hour } },
      encryptionConfig: cryptoKeyId ? { kmsKeyName: cryptoKeyId } : undefined,
      // An instance with content is not deleted.
      deletionPolicy: destroy ? 'FORCE' : 'DEFAULT',
      dependsOn: [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId, services: ['looker'] })],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.instance, name);
    this.url = this.instance.lookerUri;
  }
}
