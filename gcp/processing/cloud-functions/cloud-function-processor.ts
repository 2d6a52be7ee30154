import { CloudRunV2ServiceIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-service-iam-member';
import { Cloudfunctions2Function } from '@cdktf/provider-google/lib/cloudfunctions2-function';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode, requireFit } from '../../../shared/synth/handler-needs';
import type { TextRule } from '../../../shared/synth/settings';
import { CHANNELS, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { alertOnFailures } from './failures-alert';
import { FunctionBuilder } from './function-builder';
import { FunctionSource } from './function-source';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,10}$/,
  must: 'be 1 to 10 lower-case letters and digits',
  remedy: 'A service account has room for no more.',
};
const EMAIL: TextRule = {
  pattern: /^[^@:\s]+@\S+\.gserviceaccount\.com$/,
  must: 'be an e-mail',
  remedy: 'See gcloud iam service-accounts list.',
};

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
   * @default - as the source sees fit
   */
  readonly delivery?: Delivery;
  /**
   * The end of the name of the function: 1 to 10 lower-case letters and digits. It tells several processors of one site
   * apart.
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
  readonly member: string;
  readonly url: string;
  readonly invokerEmail: string;
  readonly timeoutSeconds: number;
  readonly invocable: readonly ITerraformDependable[];
  /** Who builds the image of the function, and where images lie. */
  readonly builder: FunctionBuilder;
  /** The function, for anything this construct does not cover. */
  readonly function: Cloudfunctions2Function;

  constructor(scope: Construct, id: string, props: CloudFunctionProcessorProps) {
    super(scope, id);
    const { site, code, source, serviceAccount } = props;
    const { name = 'func', memoryMiB = 2048, timeoutSeconds = 60, concurrency = 10, maxInstances = 10 } = props;
    requireText(this, { name }, NAME);
    requireNumber(this, { memoryMiB }, { from: 256, to: 4096, unit: 'MiB', remedy: 'One processor takes no other.' }, 'known');
    requireNumber(this, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'For longer work use a container that pulls.' });
    requireNumber(this, { concurrency }, { from: 1, to: 1000, unit: 'calls', remedy: 'Cloud Run takes no more.' });
    requireNumber(this, { maxInstances }, { from: 1, to: 1000, unit: 'instances', remedy: 'Ask Google for a higher quota first.' });
    requireTexts(this, { notify: props.notify }, CHANNELS);
    requireFit(this, props);
    if (serviceAccount !== undefined) requireText(this, { serviceAccount }, EMAIL);
    needApis(this, 'artifactregistry', 'cloudbuild', 'cloudfunctions', 'iam', 'logging', 'monitoring', 'run', 'storage');
    this.timeoutSeconds = timeoutSeconds;
    const base = `${site.prefix}-${name}`;

    const runtimeEmail = serviceAccount ?? this.account(site, 'Runtime', base, 'Runs as').email;
    const invoker = this.account(site, 'Invoker', base, 'Calls');
    [this.member, this.invokerEmail] = [`serviceAccount:${runtimeEmail}`, invoker.email];
    this.builder = new FunctionBuilder(this, 'Builder', { site, name: base });
    const { bucket, object } = new FunctionSource(this, 'Source', { site, name: base, code });
    const bindings = [...bindStores(this, props), source.deadLetter.bindWriter(this, 'DEAD_LETTER')];
    const propagation = new Propagation(this, 'Propagation', [...this.builder.grants, ...bindings.flatMap(({ waitFor }) => waitFor)]);

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
        availableMemory: `${memoryMiB}Mi`,
        timeoutSeconds,
        maxInstanceRequestConcurrency: concurrency,
        minInstanceCount: 0,
        maxInstanceCount: maxInstances,
        ingressSettings: 'ALLOW_INTERNAL_ONLY',
        allTrafficOnLatestRevision: true,
        environmentVariables: Object.assign({}, ...bindings.map((binding) => binding.settings)),
      },
      dependsOn: [...site.waitFor, propagation],
    });
    this.url = this.function.serviceConfig.uri;
    this.invocable = [this.allowInvoke(site.project, invoker.member)];
    source.deliverTo(this, props.delivery);
    alertOnFailures(this, { project: site.project, service: this.function.name, name: base, notify: props.notify });
  }

  private account({ project, waitFor }: Site, id: string, base: string, does: string): ServiceAccount {
    const displayName = `${does} the function ${base}`;
    return new ServiceAccount(this, id, { project, accountId: `${base}-${id.toLowerCase()}`, displayName, dependsOn: [...waitFor] });
  }

  /**
   * The right to call belongs to the Cloud Run service below the function: hashicorp/terraform-provider-google#20320. A
   * function that is replaced gets another service, without the right (#18308), so the right is replaced with it. CDKTF
   * renders a reference there as a template, which Terraform refuses: hashicorp/terraform-cdk#3532. Hence a plain address.
   */
  private allowInvoke(project: string, member: string): CloudRunV2ServiceIamMember {
    const { terraformResourceType, friendlyUniqueId, location, name } = this.function;
    const lifecycle = { replaceTriggeredBy: [`${terraformResourceType}.${friendlyUniqueId}.id`] };
    return new CloudRunV2ServiceIamMember(this, 'InvokerGrant', { project, location, name, role: 'roles/run.invoker', member, lifecycle });
  }
}
