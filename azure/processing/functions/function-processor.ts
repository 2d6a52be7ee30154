import { ApplicationInsights } from '@cdktf/provider-azurerm/lib/application-insights';
import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode, requireEachOnce, requireFit } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import type { NumberRule } from '../../../shared/synth/settings';
import { ACTION_GROUPS, requireNumber, requireOneOf, requireText, requireTexts } from '../../../shared/synth/settings';
import { canonicalGuid, canonicalId } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import { requireIdentity } from '../../foundation/rules';
import { ACCOUNT_NAME } from '../../foundation/storage/account-rules';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { DeadLetter, RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { CodePackage } from './code-package';
import { ConsumptionPlan } from './consumption-plan';
import { bindContents, storeNames } from './content-settings';
import { alertOnFailures } from './failures-alert';
import { FlexApp } from './flex-app';
import { HostStorage } from './host-storage';
import { requireAlwaysReady, requireAppSettings, SUBNET_ID } from './user-settings';

const INSTANCES: NumberRule = { from: 40, to: 1000, unit: 'instances', remedy: 'The provider accepts no other number.' };

/** Settings for {@link FunctionProcessor}. */
export interface FunctionProcessorProps {
  /** The resource group, the region and the workspace of the function app. */
  readonly site: Site;
  /** The bundled handler. Its zip contains `host.json`, `package.json` and `index.js`. */
  readonly code: HandlerCode;
  /** Where the events come from. The handler must read the format of this source. */
  readonly source: RecordSource;
  /**
   * The stores that the handler needs. The name of each is the start of its app settings: `STORE` adds `STORE_CONTAINER`.
   */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /** Where events go that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * How events are batched and retried.
   * @default - the defaults of the source: see `Delivery`
   */
  readonly delivery?: Delivery;
  /**
   * The middle of the name of the app and of its host storage: 1 to 5 lower-case letters and digits. Each processor and each
   * store of a site and of a stack needs its own name. The consumer group has it in its name: after a change of the name, all
   * events of the hub are read again.
   * @default func
   */
  readonly name?: string;
  /**
   * Memory of each instance in MiB. CPU grows with it. A batch of large events does not fit into 512.
   * @default 2048
   */
  readonly memoryMiB?: 512 | 2048 | 4096;
  /**
   * The maximum number of instances, from 40 to 1000. No more than one for each partition of the source has work.
   * @default 40
   */
  readonly maxInstances?: number;
  /**
   * The number of always ready instances, by group: `{ 'function:process': 1 }` for the function of the handlers here. They
   * process the first event without a cold start, and are billed by the hour.
   * @default - none: the app scales to zero
   */
  readonly alwaysReady?: Readonly<Record<string, number>>;
  /**
   * More app settings for the code. Do not put secrets here: everybody who may read the app can read them, and they are in
   * the state of Terraform. Instead, let the code read a Key Vault with its identity.
   * @default - none
   */
  readonly appSettings?: Readonly<Record<string, string>>;
  /**
   * The id of a subnet for virtual network integration. It must be delegated to Microsoft.App/environments, and must not be
   * used by anything else.
   * @default - no network: the app reaches public addresses only
   */
  readonly subnetId?: string;
  /**
   * How the code is published. `az` runs the Azure CLI on the machine that applies, in a POSIX shell, each time the app or the
   * code has changed. With `none`, run `settleCommand` after each apply that created or changed the app, and then
   * `publishCommand`, also after each change of the code: until then the app reads nothing.
   * @default az
   */
  readonly publish?: 'az' | 'none';
  /**
   * An existing user-assigned identity. The roles that the function needs are assigned to it.
   * @default - a new identity, for this function only
   */
  readonly identity?: { readonly id: string; readonly principalId: string; readonly clientId: string };
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a function on Node.js 24 that processes events in batches. It runs on Flex Consumption, and scales to zero
 * without work.
 *
 * Do not use it for batches that take over ten minutes, the limit in `host.json`: use a container that pulls.
 * @see https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan
 */
export class FunctionProcessor extends Construct implements FunctionWorkload {
  readonly name: string;
  readonly insightsId: string;
  readonly workspaceId: string;
  readonly subnetId?: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  readonly clientId: string;
  /** The app, for anything this construct does not cover. */
  readonly app: FunctionAppFlexConsumption;
  /** The plan of the app. */
  readonly plan: ConsumptionPlan;
  /** The host storage of the app: its package, its locks and its checkpoints. */
  readonly host: HostStorage;
  /** The Application Insights resource that the app reports to. */
  readonly insights: ApplicationInsights;
  /** The command that deletes the broken app settings, so that the host can start. Run it after each apply that created or changed the app. */
  readonly settleCommand: string;
  /** The command that publishes the code. Run it in the folder of the synthesized stack, after `settleCommand`. */
  readonly publishCommand: string;

  constructor(scope: Construct, id: string, props: FunctionProcessorProps) {
    super(scope, id);
    const { site, notify, alwaysReady = {}, appSettings = {}, publish = 'az', subnetId } = props;
    const { resourceGroupName, location } = site;
    const name = props.name ?? 'func';
    const memoryMiB = props.memoryMiB ?? 2048;
    const maxInstances = props.maxInstances ?? 40;
    requireText(this, { name }, ACCOUNT_NAME);
    requireOneOf(this, { memoryMiB }, [512, 2048, 4096], 'Flex Consumption has no other sizes.');
    requireOneOf(this, { publish }, ['az', 'none'], 'With none, publish with your own tool.');
    requireFit(this, props);
    requireEachOnce(this, 'stores and deadLetter', { ...props.stores, deadLetter: props.deadLetter });
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireNumber(this, { maxInstances }, INSTANCES);
    requireAlwaysReady(this, alwaysReady, maxInstances);
    requireAppSettings(this, appSettings, storeNames(this, props));
    if (subnetId !== undefined) requireText(this, { subnetId }, SUBNET_ID);
    if (props.identity !== undefined) requireIdentity(this, 'identity', props.identity, 'principalId', 'clientId');
    takeName(this, 'storage account of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.App', 'Microsoft.Insights', 'Microsoft.ManagedIdentity', 'Microsoft.Storage', 'Microsoft.Web');
    const base = `${site.prefix}-${name}`;
    this.name = `${base}-${site.suffix}`;
    this.subnetId = subnetId && canonicalId(subnetId, 'Microsoft.Network/virtualNetworks/subnets');

    const identity = props.identity ?? new UserAssignedIdentity(this, 'Identity', { name: base, resourceGroupName, location });
    const identityId = canonicalId(identity.id, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    [this.principalId, this.clientId] = [canonicalGuid(identity.principalId), canonicalGuid(identity.clientId)];
    this.insights = new ApplicationInsights(this, 'Insights', {
      name: base,
      resourceGroupName,
      location,
      applicationType: 'web',
      workspaceId: site.workspaceId,
      localAuthenticationDisabled: true,
    });
    [this.insightsId, this.workspaceId] = [this.insights.id, site.workspaceId];
    this.host = new HostStorage(this, 'Host', { site, name });
    const bindings = [
      this.host.bindOwner(this, 'AzureWebJobsStorage'),
      ...bindStores(this, props),
      props.deadLetter.bindWriter(this, 'DEAD_LETTER'),
      props.source.deliverTo(this, props.delivery),
      ...bindContents(this, props.source),
    ];
    const { principalId, principalType, insightsId } = this;
    const reports = { scope: insightsId, roleDefinitionName: 'Monitoring Metrics Publisher', principalId, principalType };
    const reporting = new RoleAssignment(this, 'InsightsWriter', reports);

    this.plan = new ConsumptionPlan(this, 'Plan', site, base);
    this.app = new FlexApp(this, 'App', {
      site,
      name: this.name,
      planId: this.plan.id,
      packagesUrl: this.host.packagesUrl,
      identityId,
      insights: this.insights,
      memoryMiB,
      maxInstances,
      alwaysReady,
      subnetId: this.subnetId,
      settings: { ...appSettings, ...Object.assign({}, ...bindings.map(({ settings }) => settings)), AZURE_CLIENT_ID: this.clientId },
      waitFor: [...bindings.flatMap(({ waitFor }) => waitFor), reporting],
    });
    alertOnFailures(this, { site, name: base, insightsId: this.insightsId, notify });

    const code = new CodePackage(this, 'Code', { app: this.app, ...props.code });
    ({ settleCommand: this.settleCommand, publishCommand: this.publishCommand } = code);
    if (publish === 'az') code.run();
  }
}
