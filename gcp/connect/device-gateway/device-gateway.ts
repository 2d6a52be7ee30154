import { CloudRunV2Service } from '@cdktf/provider-google/lib/cloud-run-v2-service';
import { Construct } from 'constructs';
import type { HandlerCode } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { bindDevices, deviceVariables, registerCommand } from '../../foundation/devices/devices';
import { buildCommandOf, type ContainerImage, type ImagePolicy } from '../../foundation/images';
import { Principals } from '../../foundation/principal';
import { Propagation } from '../../foundation/propagation';
import { accountOf } from '../../foundation/service-account';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { alertOnGateway } from './gateway-alerts';
import { templateOf } from './gateway-service';
import { gatewaySettings } from './gateway-settings';

/** Settings for {@link DeviceGateway}. */
export interface DeviceGatewayProps {
  /** The project, the region and the prefix of the gateway. */
  readonly site: Site;
  /** Where the events go: a buffer of Pub/Sub. */
  readonly sink: RecordSink;
  /**
   * The registry of devices: for each, the object `DEVICE.pem` with its public keys, up to four. Use a `CloudStorageStore` for this alone, without
   * `retentionDays`, which would delete keys, and without `immutableDays`, in which no device can be disabled.
   */
  readonly registry: ObjectStore;
  /** The bundled handler `device-https-to-pub-sub`, which the image is built from. Another hash and the same image in a plan is old code. */
  readonly code: HandlerCode;
  /** The image, which `buildCommand` builds. It must be in its registry before the apply. */
  readonly image: ContainerImage;
  /**
   * Who may register new devices, and nothing else: IAM members such as `serviceAccount:plant@project.iam.gserviceaccount.com`, which
   * Terraform must know when it plans. They cannot replace or delete the key of a device, because then they could act as it. They can
   * register the id of a deleted one again: to keep a device out for good, replace its object by an empty one.
   * @default - nobody
   */
  readonly registrars?: readonly string[];
  /**
   * The end of the name of the service: 1 to 10 lower-case letters and digits, which no function of the site has. It is part of the
   * address, of the audience of tokens, and of the `source` of each event. After a change, devices must be told all three.
   * @default gateway
   */
  readonly name?: string;
  /**
   * How long a token is accepted after it was issued, from 60 to 86400 seconds, whatever end it has. Whoever reads a token can use it
   * until then.
   * @default 3600
   */
  readonly tokenSeconds?: number;
  /**
   * How long an instance keeps the keys of a device, from 1 to 3600 seconds. So long is a device accepted after it was disabled. Each
   * device and instance reads the registry once in this time.
   * @default 60
   */
  readonly keySeconds?: number;
  /**
   * The maximum number of concurrent requests of one instance, from 1 to 1000.
   * @default 80
   */
  readonly concurrency?: number;
  /**
   * Memory of each instance in MiB, from 512 to 4096. The bodies of its open requests may have a 128th of it, which is four of the
   * largest (1 MB) with the default, and those of one device half of that. Further requests are answered with 429.
   * @default 512
   */
  readonly memoryMiB?: number;
  /**
   * The maximum number of instances, from 1 to 1000. It limits the cost, also of requests without a token. While all are busy, Cloud
   * Run answers with 429, and devices send again.
   * @default 10
   */
  readonly maxInstances?: number;
  /**
   * The minimum number of instances, from 0 to `maxInstances`. With 0, the first request after a quiet quarter of an hour waits for
   * one or two seconds. With 1 it does not, for about 10 dollars a month.
   * @default 0
   */
  readonly minInstances?: number;
  /**
   * After how many minutes without an accepted event an alert fires, from 2 to 1410. Take more than the longest pause between two
   * events of the whole fleet.
   * @default 60
   */
  readonly silenceMinutes?: number;
  /**
   * The email of an existing service account that the gateway runs as. It is granted the permissions that it needs.
   * @default - a new service account, for this gateway only
   */
  readonly serviceAccount?: string;
  /**
   * The Binary Authorization policy of the project, such as a `ContainerSecurity`. Each revision is checked when it is deployed, and one
   * that the policy refuses fails the apply: the revision before it goes on.
   * @default - images are not checked
   */
  readonly binaryAuthorization?: ImagePolicy;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Connect stage: an HTTPS address for devices that have a key of their own. It takes the place of Cloud IoT Core, which Google ended on
 * 2023-08-16.
 *
 * A device signs a JSON Web Token (ES256) with its private key, and sends it with one event or up to 1000. The gateway finds the public
 * key in the registry, checks each event, sets its `source` to the device, and publishes it. It answers after Pub/Sub has the events,
 * and tells which it refused and why. It has no MQTT and sends nothing to devices: for these, run a broker. The address is public, and
 * only the code checks who sends: for limits by address, put a load balancer with Cloud Armor in front.
 *
 * For devices with X.509 certificates that can exchange them for a Google token, use `PubSubEntry` and no gateway: workload identity
 * federation trusts the certificates, and `publishers` has a `principalSet://` of them.
 *
 * It costs nothing without requests but its alerts. A million requests cost about 1 dollar, with one event each or with 1000, besides
 * what Pub/Sub and the log cost for them. A deploy replaces the service with another region or name, and then
 * its address. Another image starts a new revision, and requests in progress end on the old one.
 * @see https://cloud.google.com/iot/docs/release-notes
 * @see https://cloud.google.com/run/docs/securing/managing-access#invoker_check
 */
export class DeviceGateway extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The address that takes events by POST. */
  readonly url: string;
  /** The `aud` that each token must have. */
  readonly audience: string;
  /** A command that builds the image and shows its digest. It runs in the folder of the stack, before the apply. */
  readonly buildCommand: string;
  /** A command that registers the device `DEVICE` with the key in `public.pem`. It fails if the device is registered already. */
  readonly registerCommand: string;
  /** The service, for anything this construct does not cover. */
  readonly service: CloudRunV2Service;

  constructor(scope: Construct, id: string, props: DeviceGatewayProps) {
    super(scope, id);
    const { site, sink, registry, image, code, serviceAccount, binaryAuthorization: policy } = props;
    const settings = gatewaySettings(this, props);
    const { name, registrars, silenceMinutes, notify } = settings;
    takeName(this, 'function of a site', name, [site.project, site.prefix]);
    needApis(this, 'iam', 'logging', 'monitoring', 'run');
    const base = `${site.prefix}-${name}`;
    this.name = name;
    this.audience = `//run.googleapis.com/projects/${site.project}/locations/${site.region}/services/${base}`;

    this.member = `serviceAccount:${serviceAccount ?? accountOf(this, 'Runtime', site, `${base}-runtime`, `Runs as the gateway ${base}`).email}`;
    const { settings: bound, waitFor } = bindDevices(this, sink, registry);
    const propagation = new Propagation(this, 'Propagation', waitFor);
    if (registrars.length > 0) registry.bindWriter(new Principals(this, 'Registrars', 'registrars', registrars), 'REGISTRY');

    this.buildCommand = buildCommandOf(this, code, image);
    this.registerCommand = registerCommand(bound);
    const variables = { ...bound, ...deviceVariables({ ...settings, audience: this.audience, source: base }) };

    this.service = new CloudRunV2Service(this, 'Service', {
      project: site.project,
      location: site.region,
      name: base,
      ingress: 'INGRESS_TRAFFIC_ALL',
      // Devices have no Google account, so the code checks who calls. allUsers would say the same, and many organizations refuse it.
      invokerIamDisabled: true,
      // It holds no data.
      deletionProtection: false,
      binaryAuthorization: policy && { useDefault: true },
      annotations: { 'handler-sha256': code.hash },
      template: templateOf({ ...settings, image, email: this.member.replace('serviceAccount:', ''), variables }),
      dependsOn: [...site.waitFor, propagation, ...(policy?.waitFor ?? [])],
      // The Google Cloud CLI writes its own name and version here.
      lifecycle: { ignoreChanges: ['client', 'client_version'] },
    });
    this.url = `${this.service.uri}/events`;
    const { project } = site;
    alertOnGateway(this, { project, service: this.service.name, name: base, topic: bound.EVENTS_TOPIC!, silenceMinutes, notify });
  }
}
