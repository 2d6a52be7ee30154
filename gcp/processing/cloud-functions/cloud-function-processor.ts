import { Cloudfunctions2Function } from '@cdktf/provider-google/lib/cloudfunctions2-function';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode } from '../../../shared/synth/handler-needs';
import { needApis } from '../../foundation/apis';
import { requireUnique } from '../../foundation/names';
import { Propagation } from '../../foundation/propagation';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { alertOnFailures } from './failures-alert';
import { FunctionBuilder } from './function-builder';
import { allowCalls, bindSecrets, type SecretVariable } from './function-grants';
import { functionSettings } from './function-settings';
import { FunctionSource } from './function-source';

/** Settings for {@link CloudFunctionProcessor}. */
export interface CloudFunctionProcessorProps {
  /** Where the function stands. */
  readonly site: Site;
  /** The bundled handler: its zip holds `package.json` and `index.js`, which exports `handler`. */
  readonly code: HandlerCode;
  /** Where the events come from: in the form that the handler reads. */
  readonly source: RecordSource;
  /**
   * Where the results go, each by the name that starts its settings: `STORE` gives the function `STORE_TABLE`. They are the
   * stores that the handler needs.
   */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /**
   * How events are retried.
   * @default - the defaults of the source, which `Delivery` lists
   */
  readonly delivery?: Delivery;
  /**
   * The end of the name of the function: 1 to 10 lower-case letters and digits. It tells several processors of one site
   * apart. The subscription that calls the function is named after it: with another name Terraform takes the first away,
   * with what waits in it.
   * @default func
   */
  readonly name?: string;
  /**
   * Memory of each instance in MiB, from 256 to 4096. Half of it must hold all events of its calls at once, and an event
   * of 10 MB takes about six times its size. An instance that runs out of it costs each of its events one retry.
   * @default 2048
   */
  readonly memoryMiB?: number;
  /**
   * How long one call may take, from 10 to 600 seconds. A call that takes longer counts as failed and is retried.
   * @default 60
   */
  readonly timeoutSeconds?: number;
  /**
   * Calls that one instance handles at a time, from 1 to 1000. More of them need more `memoryMiB`.
   * @default 10
   */
  readonly concurrency?: number;
  /**
   * How many instances run at a time, from 1 to 1000. It bounds the cost. While all are busy, calls are refused and tried
   * again later, and each refusal counts as a retry.
   * @default 10
   */
  readonly maxInstances?: number;
  /**
   * How many instances are kept ready, from 0 to `maxInstances`. They are paid for while nothing happens.
   * @default 0
   */
  readonly minInstances?: number;
  /**
   * Environment variables for the transform, beside those that the handler needs.
   * @default - none
   */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /**
   * Secrets as environment variables. The function gets the right to read each.
   * @default - none
   */
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  /**
   * The id of a connector, through which the function reaches the private addresses of a network.
   * @default - it reaches what is public
   */
  readonly vpcConnector?: string;
  /**
   * The e-mail of an existing service account that the function runs as. It gets the permissions it needs added.
   * @default - a new service account, for this function alone
   */
  readonly serviceAccount?: string;
  /**
   * The ids of the notification channels that hear every alert.
   * @default - alerts open an incident and tell nobody
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a function on Node.js 24 that gets one event by a call over HTTPS and answers for it. It takes calls
 * from inside the project alone, and of those only the ones of its invoker.
 *
 * A subscription of the buffer calls it, not an Eventarc trigger: that has no dead letter, and drops what has failed for
 * a day. Not for work over 10 minutes: use a container that pulls. Its logs go where those of the project go.
 * @see https://cloud.google.com/functions/docs/writing/write-http-functions
 */
export class CloudFunctionProcessor extends Construct implements FunctionWorkload {
  readonly name: string;
  readonly member: string;
  readonly url: string;
  readonly invokerEmail: string;
  readonly timeoutSeconds: number;
  readonly invocable: readonly ITerraformDependable[];
  /** Who builds the image of the function, and where images lie. */
  readonly builder: FunctionBuilder;
  /** The function, for anything this construct does not cover. */
  readonly function: Cloudfunctions2Function;
  /** The subscription that calls the function, for anything that `delivery` does not cover. */
  readonly trigger: PubsubSubscription;

  constructor(scope: Construct, id: string, props: CloudFunctionProcessorProps) {
    super(scope, id);
    const { site, code, source, serviceAccount } = props;
    const settings = functionSettings(this, props);
    const { name, timeoutSeconds } = settings;
    requireUnique(this, [site.project, site.prefix], 'function of a site', name, 'Set name on one of them.');
    needApis(this, 'artifactregistry', 'cloudbuild', 'cloudfunctions', 'iam', 'logging', 'monitoring', 'run', 'storage');
    if (Object.keys(settings.secretEnvironmentVariables).length > 0) needApis(this, 'secretmanager');
    [this.name, this.timeoutSeconds] = [name, timeoutSeconds];
    const base = `${site.prefix}-${name}`;

    const runtimeEmail = serviceAccount ?? this.account(site, 'Runtime', base, 'Runs as').email;
    const invoker = this.account(site, 'Invoker', base, 'Calls');
    [this.member, this.invokerEmail] = [`serviceAccount:${runtimeEmail}`, invoker.email];
    this.builder = new FunctionBuilder(this, 'Builder', { site, name: base });
    const { bucket, object } = new FunctionSource(this, 'Source', { site, name: base, code });
    const bindings = [...bindStores(this, props), source.deadLetter.bindWriter(this, 'DEAD_LETTER')];
    const secrets = bindSecrets(this, site, settings.secretEnvironmentVariables);
    const grants = [...this.builder.grants, ...[...bindings, secrets].flatMap(({ waitFor }) => waitFor)];
    const propagation = new Propagation(this, 'Propagation', grants);

    this.function = new Cloudfunctions2Function(this, 'Function', {
      project: site.project,
      location: site.region,
      name: base,
      buildConfig: {
        runtime: 'nodejs24',
        entryPoint: 'handler',
        source: { storageSource: { bucket: bucket.name, object: object.name } },
        serviceAccount: this.builder.account.name,
        dockerRepository: this.builder.repository.id,
        automaticUpdatePolicy: {},
      },
      serviceConfig: {
        serviceAccountEmail: runtimeEmail,
        // More than one call at a time needs a whole processor.
        availableCpu: '1',
        availableMemory: `${settings.memoryMiB}Mi`,
        timeoutSeconds,
        maxInstanceRequestConcurrency: settings.concurrency,
        minInstanceCount: settings.minInstances,
        maxInstanceCount: settings.maxInstances,
        ingressSettings: 'ALLOW_INTERNAL_ONLY',
        vpcConnector: props.vpcConnector,
        allTrafficOnLatestRevision: true,
        environmentVariables: Object.assign({}, settings.environmentVariables, ...bindings.map((binding) => binding.settings)),
        secretEnvironmentVariables: secrets.variables.length > 0 ? secrets.variables : undefined,
      },
      dependsOn: [...site.waitFor, propagation],
    });
    this.url = this.function.serviceConfig.uri;
    this.invocable = allowCalls(this, site, this.function, invoker);
    this.trigger = source.deliverTo(this, props.delivery);
    alertOnFailures(this, { project: site.project, service: this.function.name, name: base, notify: props.notify });
  }

  private account({ project, waitFor }: Site, id: string, base: string, does: string): ServiceAccount {
    const displayName = `${does} the function ${base}`;
    return new ServiceAccount(this, id, { project, accountId: `${base}-${id.toLowerCase()}`, displayName, dependsOn: [...waitFor] });
  }
}
