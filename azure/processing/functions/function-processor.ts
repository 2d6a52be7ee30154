import { ApplicationInsights } from '@cdktf/provider-azurerm/lib/application-insights';
import type { FunctionAppFlexConsumption } from '@cdktf/provider-azurerm/lib/function-app-flex-consumption';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { bindStores, type HandlerCode, requireFit } from '../../../shared/synth/handler-needs';
import { takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, TextRule } from '../../../shared/synth/settings';
import { ACTION_GROUPS, requireNumber, requireOneOf, requireText, requireTexts } from '../../../shared/synth/settings';
import { canonicalGuid, canonicalId } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Delivery } from '../../ports/delivery';
import type { FunctionWorkload } from '../../ports/identity';
import type { DeadLetter, RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ObjectStore, TableStore } from '../../ports/stores';
import { CodePackage } from './code-package';
import { ConsumptionPlan } from './consumption-plan';
import { alertOnFailures } from './failures-alert';
import { FlexApp } from './flex-app';
import { HostStorage } from './host-storage';
import { requireAlwaysReady, requireAppSettings, SUBNET_ID } from './user-settings';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,5}$/,
  must: 'be 1 to 5 lower-case letters and digits',
  remedy: 'An account has room for no more.',
};
const INSTANCES: NumberRule = { from: 40, to: 1000, unit: 'instances', remedy: 'The provider refuses any other number.' };

/** Settings for {@link FunctionProcessor}. */
export interface FunctionProcessorProps {
  /** Where the function stands. */
  readonly site: Site;
  /** The bundled handler: its zip holds `host.json`, `package.json` and `index.js`. */
  readonly code: HandlerCode;
  /** Where the events come from: in the form that the handler reads. */
  readonly source: RecordSource;
  /**
   * Where the results go, each by the name that starts its settings: `STORE` gives the function `STORE_CONTAINER`. They are
   * the stores that the handler needs.
   */
  readonly stores: Readonly<Record<string, ObjectStore | TableStore>>;
  /** Where events end that cannot be processed. */
  readonly deadLetter: DeadLetter;
  /**
   * How events are batched and retried.
   * @default - the defaults of the source, which `Delivery` lists
   */
  readonly delivery?: Delivery;
  /**
   * The middle of the name of the app and of its host storage: 1 to 5 lower-case letters and digits. It tells several
   * processors of one stack apart, wherever in it they stand, and must differ from the names of its stores. The consumer
   * group, and so the place up to which events are read, comes from it: under another name everything is read again.
   * @default func
   */
  readonly name?: string;
  /**
   * Memory of each instance in MiB. Its share of the processor grows with it. In 512 a batch of large events does not fit.
   * @default 2048
   */
  readonly memoryMiB?: 512 | 2048 | 4096;
  /**
   * How many instances run at a time, from 40 to 1000. No more work than the source has partitions.
   * @default 40
   */
  readonly maxInstances?: number;
  /**
   * How many instances are ready all the time, by what they run: `{ 'function:process': 1 }` for the function of the
   * handlers here. They take the first event without a cold start, and are billed by the hour.
   * @default - none: the app scales to nothing
   */
  readonly alwaysReady?: Readonly<Record<string, number>>;
  /**
   * Application settings for the code, beside those that it gets from what it is bound to. Not for secrets: everybody who
   * may read the app reads them, and so does the state of Terraform. Let the code ask a Key Vault, as its identity.
   * @default - none
   */
  readonly appSettings?: Readonly<Record<string, string>>;
  /**
   * The id of a subnet that the app reaches the rest of the network from. It is delegated to Microsoft.App/environments, and
   * nothing else stands in it.
   * @default - no network: the app reaches public addresses alone
   */
  readonly subnetId?: string;
  /**
   * How the code gets into the app. `az` runs the Azure CLI on the machine that applies, in a POSIX shell, whenever the
   * app or the code has changed. With `none` somebody runs `settleCommand` after each apply that made or changed the app,
   * and `publishCommand` after each other code: until then nothing is read.
   * @default az
   */
  readonly publish?: 'az' | 'none';
  /**
   * An existing user-assigned identity. It gets the roles it needs added.
   * @default - a new identity, for this function alone
   */
  readonly identity?: { readonly id: string; readonly principalId: string; readonly clientId: string };
  /**
   * The ids of the action groups that hear every alert.
   * @default - alerts change their state and tell nobody
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a function on Node.js 24 that gets batches of events and answers for each of them. Flex Consumption
 * runs it when there is work, and only then.
 *
 * Not for batches that take over ten minutes, which is what `host.json` allows: use a container that pulls.
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
  /** What the app runs on. */
  readonly plan: ConsumptionPlan;
  /** What the app keeps for itself, and up to where it has read. */
  readonly host: HostStorage;
  /** Where the app reports to. */
  readonly insights: ApplicationInsights;
  /** The command that lets the host of the app start. It is due after each apply that made or changed the app. */
  readonly settleCommand: string;
  /** The command that publishes the code. Run it in the folder of the synthesized stack, once the app is settled. */
  readonly publishCommand: string;

  constructor(scope: Construct, id: string, props: FunctionProcessorProps) {
    super(scope, id);
    const { site, notify, alwaysReady = {}, appSettings = {}, publish = 'az', subnetId } = props;
    const { resourceGroupName, location } = site;
    const name = props.name ?? 'func';
    const memoryMiB = props.memoryMiB ?? 2048;
    const maxInstances = props.maxInstances ?? 40;
    requireText(this, { name }, NAME);
    requireOneOf(this, { memoryMiB }, [512, 2048, 4096], 'There are no other sizes.');
    requireOneOf(this, { publish }, ['az', 'none'], 'With none, publish with a tool of your own.');
    requireFit(this, props);
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireNumber(this, { maxInstances }, INSTANCES);
    requireAlwaysReady(this, alwaysReady, maxInstances);
    requireAppSettings(this, appSettings, Object.keys(props.stores));
    if (subnetId !== undefined) requireText(this, { subnetId }, SUBNET_ID);
    takeName(this, 'store or processor', { name });
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
