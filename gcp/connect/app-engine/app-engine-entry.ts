import { AppEngineServiceNetworkSettings } from '@cdktf/provider-google/lib/app-engine-service-network-settings';
import { AppEngineServiceSplitTraffic } from '@cdktf/provider-google/lib/app-engine-service-split-traffic';
import { AppEngineStandardAppVersion } from '@cdktf/provider-google/lib/app-engine-standard-app-version';
import { Construct } from 'constructs';
import type { HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { bindDevices, deviceVariables, registerCommand } from '../../foundation/devices/devices';
import { Principals } from '../../foundation/principal';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { AppSource } from './app-source';
import { applicationOf } from './application';
import { alertOnEntry } from './entry-alerts';
import { entrySettings, INGRESS, MEMORY } from './entry-settings';

/** Settings for {@link AppEngineEntry}. */
export interface AppEngineEntryProps {
  /** The project, the region and the prefix of the service. The region is that of the code, not of the application. */
  readonly site: Site;
  /** Where the events go: a buffer of Pub/Sub. */
  readonly sink: RecordSink;
  /**
   * The registry of callers: for each, the object `DEVICE.pem` with its public keys, up to four. Use a `CloudStorageStore` for this alone, without
   * `retentionDays`, which would delete keys, and without `immutableDays`, in which no caller can be disabled.
   */
  readonly registry: ObjectStore;
  /** The bundled handler `device-https-to-pub-sub`. Another hash makes another version of the service, which gets all traffic. */
  readonly code: HandlerCode;
  /**
   * Whether the project has its application of App Engine. `existing` deploys a service into it. `create` makes it, which needs the
   * role Owner or App Engine Creator: a project has one application, which cannot be deleted or moved to another region, also not by
   * `terraform destroy`. A second stack, or the same stack again, must have `existing`, or import it.
   * @default existing
   */
  readonly application?: 'existing' | 'create';
  /**
   * The end of the name of the service: 1 to 10 lower-case letters and digits, which no function of the site has. `default` is the
   * service `default` of the application, and takes the traffic of what runs there. It must be the first service of an application.
   * After a change, callers must be told the address and the audience, and the old service stays until you delete it.
   * @default - `entry`, or `default` if `application` is `create`
   */
  readonly name?: string;
  /**
   * From where requests are let in. App Engine has no IAM for callers, so the code checks the token of each request in all cases.
   * `internal-and-load-balancer`: VPC networks of the project, and load balancers with a network endpoint group of the service.
   * `internal`: VPC networks alone. `public`: everybody on the internet.
   * @default internal-and-load-balancer
   */
  readonly ingress?: 'internal' | 'internal-and-load-balancer' | 'public';
  /**
   * Who may register new callers, and nothing else: IAM members such as `serviceAccount:plant@project.iam.gserviceaccount.com`, which
   * Terraform must know when it plans. They cannot replace or delete the key of a caller, because then they could act as it. They can
   * register the id of a deleted one again: to keep a caller out for good, replace its object by an empty one.
   * @default - nobody
   */
  readonly registrars?: readonly string[];
  /**
   * How long a token is accepted after it was issued, from 60 to 86400 seconds, whatever end it has. Whoever reads a token can use it
   * until then.
   * @default 3600
   */
  readonly tokenSeconds?: number;
  /**
   * How long an instance keeps the keys of a caller, from 1 to 3600 seconds. So long is a caller accepted after it was disabled.
   * @default 60
   */
  readonly keySeconds?: number;
  /**
   * The maximum number of concurrent requests of one instance, from 1 to 1000.
   * @default 80
   */
  readonly concurrency?: number;
  /**
   * The class of each instance: F2 with 768 MiB, F4 with 1536 MiB or F4_1G with 3072 MiB. The bodies of its open requests may have a
   * 128th of that, and those of one caller half of it. Further requests are answered with 429.
   * @default F2
   */
  readonly instanceClass?: 'F2' | 'F4' | 'F4_1G';
  /**
   * The maximum number of instances, from 1 to 1000. It limits the cost, also of requests without a token.
   * @default 10
   */
  readonly maxInstances?: number;
  /**
   * After how many minutes without an accepted event an alert fires, from 2 to 1410. Take more than the longest pause between two
   * events of all callers.
   * @default 60
   */
  readonly silenceMinutes?: number;
  /**
   * The email of an existing service account that the service runs as and is built by. It is granted the permissions that it needs.
   * @default - a new service account, for this service only
   */
  readonly serviceAccount?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Connect stage: a service of App Engine, standard environment, that takes events over HTTPS and publishes them. For new work, use
 * `DeviceGateway` on Cloud Run, which is the same gateway with an image of its own and without an application for the whole project,
 * or `PubSubEntry` for callers with a Google account. Use this one where App Engine is what a project has.
 *
 * Callers sign a JSON Web Token (ES256) and send it with one event or up to 1000. The service checks the token and the contract of each
 * event, sets its `source` to the caller, and answers after Pub/Sub has the events: 204 or 200, 429 with too many open requests, and 503
 * while Pub/Sub or the registry fails. On App Engine, one service account builds and runs a version, so it may write images.
 *
 * It costs nothing without requests but its alerts. An instance F2 is billed for about 0.10 dollars an hour, and for 15 minutes after its
 * last request. So a million requests that are spread over a month keep one instance running, for about 73 dollars, and a million that
 * are sent within an hour cost less than a dollar. Another code is
 * deployed as another version, which gets all traffic when it is ready. Versions are never deleted by Terraform, and an application
 * has a limit of them: delete old ones with `gcloud app versions delete`. Any other setting deploys the same version again.
 * @see https://cloud.google.com/appengine/docs/standard/how-requests-are-routed
 * @see https://cloud.google.com/appengine/docs/standard/ingress-settings
 */
export class AppEngineEntry extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The `aud` that each token must have. */
  readonly audience: string;
  /** A command that shows the address of the service. Events are sent to `/events` of it, by POST. */
  readonly addressCommand: string;
  /** A command that lists the versions of the service, with the oldest first and the traffic of each. */
  readonly versionsCommand: string;
  /** A command that registers the caller `DEVICE` with the key in `public.pem`. It fails if the caller is registered already. */
  readonly registerCommand: string;
  /** The version, for anything this construct does not cover. */
  readonly version: AppEngineStandardAppVersion;

  constructor(scope: Construct, id: string, props: AppEngineEntryProps) {
    super(scope, id);
    const { site, sink, registry, code, serviceAccount } = props;
    const settings = entrySettings(this, props);
    const { name, registrars } = settings;
    const { project } = site;
    takeName(this, 'function of a site', name, [project, site.prefix]);
    const base = `${site.prefix}-${name}`;
    const service = name === 'default' ? name : base;
    takeName(this, 'service of an application', service, [project]);
    const application = applicationOf(this, site, settings.application);
    needApis(this, 'appengine', 'artifactregistry', 'cloudbuild', 'iam', 'logging', 'monitoring', 'storage');
    this.name = name;
    this.audience = `//appengine.googleapis.com/apps/${project}/services/${service}`;
    this.addressCommand = `gcloud app browse --no-launch-browser --project=${project} --service=${service}`;
    this.versionsCommand = `gcloud app versions list --project=${project} --service=${service} --sort-by=LAST_DEPLOYED`;

    const email = serviceAccount ?? accountOf(this, 'Runtime', site, `${base}-runtime`, `Builds and runs the service ${service}`).email;
    this.member = `serviceAccount:${email}`;
    const { url: sourceUrl, grants } = new AppSource(this, 'Source', { site, name: base, code, member: this.member });
    const { settings: bound, waitFor } = bindDevices(this, sink, registry);
    const propagation = new Propagation(this, 'Propagation', [...grants, ...waitFor]);
    if (registrars.length > 0) registry.bindWriter(new Principals(this, 'Registrars', 'registrars', registrars), 'REGISTRY');
    this.registerCommand = registerCommand(bound);

    const versionId = `v${code.hash.slice(0, 16)}`;
    const memoryMiB = MEMORY[settings.instanceClass];
    this.version = new AppEngineStandardAppVersion(this, 'Version', {
      project,
      service,
      versionId,
      runtime: 'nodejs24',
      entrypoint: { shell: 'node index.js' },
      deployment: { zip: { sourceUrl } },
      serviceAccount: email,
      instanceClass: settings.instanceClass,
      envVariables: { ...bound, ...deviceVariables({ ...settings, audience: this.audience, source: base, memoryMiB }) },
      automaticScaling: {
        maxConcurrentRequests: settings.concurrency,
        // Instances of old versions would be billed too.
        standardSchedulerSettings: { minInstances: 0, maxInstances: settings.maxInstances },
      },
      // Google refuses to delete the version that has the traffic, and the last one of a service.
      noopOnDestroy: true,
      dependsOn: [...site.waitFor, ...application, propagation],
    });
    // The first version of a service has all traffic at once, from everywhere until this is set: then only the code checks who calls.
    const ingress = new AppEngineServiceNetworkSettings(this, 'Ingress', {
      project,
      service: this.version.service,
      networkSettings: { ingressTrafficAllowed: INGRESS[settings.ingress] },
    });
    new AppEngineServiceSplitTraffic(this, 'Traffic', {
      project,
      service: this.version.service,
      migrateTraffic: false,
      split: { shardBy: 'IP', allocations: { [versionId]: '1' } },
      dependsOn: [ingress],
    });
    const { silenceMinutes, notify } = settings;
    alertOnEntry(this, { project, service: this.version.service, name: base, silenceMinutes, notify });
  }
}
