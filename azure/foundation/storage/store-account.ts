import type { EventgridSystemTopicEventSubscription } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic-event-subscription';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import type { TerraformResourceLifecycle } from 'cdktf';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { NumberRule, Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
} from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';
import type { RecordSink, RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import { canonicalId, segment } from '../arm-id';
import { CreatedBlobs, requireCreated } from '../events/created-blobs';
import { CreatedEvents } from '../events/created-events';
import { requireSystemTopic, type SystemTopic } from '../events/system-topic';
import { Lock } from '../lock';
import { needResourceProviders } from '../resource-providers';
import { ACCOUNT, ACCOUNT_ID, ACCOUNT_NAME } from './account-rules';
import { DataAccount, type Lifecycle } from './data-account';
import { type ContainerPlace, DataContainer } from './data-container';

const UNDELETE: NumberRule = { from: 1, to: 365, unit: 'days', remedy: 'Azure does not keep deleted objects for longer.' };
const LOGGED =
  'A diagnostic setting of the account logs each read to the workspace. An existing account logs what its owner set. The check looks only for ' +
  'an older kind of logging.';

/** The settings that every store of objects has. Each store describes them. */
export interface StoreAccountProps {
  readonly site: Site;
  readonly name?: string;
  readonly redundancy?: 'LRS' | 'ZRS' | 'GRS' | 'GZRS';
  readonly undeleteWindowDays?: number;
  readonly accountId?: string;
  readonly systemTopic?: SystemTopic;
  readonly notify?: readonly string[];
  readonly removal?: Removal;
  readonly lock?: boolean;
}

/** What one kind of store adds to {@link StoreAccountProps}. */
export interface StoreKind {
  /** The name of a store that is given none. */
  readonly defaultName: string;
  /** Whether its account is a data lake. */
  readonly isLake: boolean;
  /** Its settings that only a new account has. */
  readonly ofNew: Readonly<Record<string, unknown>>;
  /** Further answers to findings of scanners on its account. @default - none */
  readonly answers?: Readonly<Record<string, string>>;
}

/** The storage account of a store, new or existing, with its containers and the events of their new objects. */
export class StoreAccount {
  /** The storage account, if it was created. */
  readonly resource?: StorageAccount;
  readonly id: string;
  readonly name: string;
  /** The lock of a new account, if it has one. */
  readonly lock?: Lock;
  /** What protects everything in the account that holds data from deletion. */
  readonly lifecycle?: TerraformResourceLifecycle;

  private readonly created?: DataAccount;
  private readonly place: ContainerPlace;
  private readonly middle: string;
  private events?: CreatedEvents;
  private readonly delivered = new Map<DataContainer, RecordSink>();
  private readonly delegated = new Map<Workload, RoleAssignment>();

  /** @throws SettingError before the first resource */
  constructor(
    private readonly store: Construct,
    private readonly props: StoreAccountProps,
    private readonly kind: StoreKind,
  ) {
    const { site, notify, accountId, name, redundancy, undeleteWindowDays, lock } = props;
    const { isLake, answers } = kind;
    const middle = name ?? kind.defaultName;
    const undeleteWindow = undeleteWindowDays ?? 30;
    const copies = redundancy ?? 'ZRS';
    requireText(store, { name: middle }, ACCOUNT_NAME);
    requireOneOf(store, { redundancy: copies }, ['LRS', 'ZRS', 'GRS', 'GZRS'], 'In a region without zones take LRS.');
    requireNumber(store, { undeleteWindowDays: undeleteWindow }, UNDELETE);
    requireTexts(store, { notify }, ACTION_GROUPS);
    requireOneOf(store, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
    if (props.systemTopic !== undefined) requireSystemTopic(store, props.systemTopic);
    if (accountId !== undefined) {
      requireText(store, { accountId }, ACCOUNT_ID);
      requireAbsent(store, 'accountId', { redundancy, ...kind.ofNew, undeleteWindowDays, lock });
    }
    const lifecycle = mayDestroy(store, props.removal) ? undefined : { preventDestroy: true };
    if (accountId === undefined) takeName(store, 'storage account of a site', middle, [site.prefix, site.suffix]);
    else takeName(store, 'store in an account', middle, [canonicalId(accountId, ACCOUNT)]);
    needResourceProviders(store, 'Microsoft.Insights', 'Microsoft.Storage');

    if (accountId === undefined) {
      const made = { site, name: middle, redundancy: copies, undeleteWindowDays: undeleteWindow, isLake, notify, answers, lifecycle };
      this.created = new DataAccount(store, 'Account', made);
    }
    [this.middle, this.lifecycle] = [middle, lifecycle];
    this.resource = this.created?.resource;
    this.id = this.resource?.id ?? canonicalId(accountId!, ACCOUNT);
    this.name = this.resource?.name ?? segment(this.id, 8);
    const endpoint = this.resource?.primaryBlobEndpoint ?? `https://${this.name}.blob.core.windows.net/`;
    if (this.created && lock) this.lock = new Lock(store, 'Lock', this.created.resource, this.created.logs);
    this.place = { accountName: this.name, endpoint, lock: this.lock };
  }

  /** The resource group of the account. */
  get resourceGroupName(): string {
    return this.created ? this.props.site.resourceGroupName : segment(this.id, 4);
  }

  /** The address of the Data Lake API. */
  get dfsEndpoint(): string {
    return this.resource?.primaryDfsEndpoint ?? `https://${this.name}.dfs.core.windows.net/`;
  }

  /** The address of the Table API. */
  get tableEndpoint(): string {
    return this.resource?.primaryTableEndpoint ?? `https://${this.name}.table.core.windows.net/`;
  }

  /** Create a container. In an existing account, its name starts with the name of the store, if it has one. */
  container(id: string, suffix: string): DataContainer {
    const start = this.created || this.props.name === undefined ? '' : `${this.props.name}-`;
    const one = { name: `${start}${suffix}`, storageAccountId: this.id, containerAccessType: 'private', lifecycle: this.lifecycle };
    const resource = new StorageContainer(this.store, id, one);
    keepAddress(resource, `${this.middle}-${suffix}`);
    acknowledge(resource, { CKV2_AZURE_21: LOGGED });
    this.lock?.over(resource);
    return new DataContainer(resource, this.place);
  }

  /** Create the container of the dead letter, with an alert if the account is new. */
  deadLetter(): DataContainer {
    const container = this.container('DeadLetter', 'dead-letter');
    this.created?.watch(container.resource);
    return container;
  }

  /** Add the rules of a new account. */
  addRules(...lifecycles: readonly Lifecycle[]) {
    const rules = this.created?.addRules(lifecycles);
    if (rules) this.lock?.over(rules);
  }

  /**
   * Let `workload` sign addresses for what it may reach itself. Azure assigns this role for a whole account only.
   * @see https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key#authorization
   */
  delegate(workload: Workload): RoleAssignment {
    const existing = this.delegated.get(workload);
    if (existing) return existing;
    const { principalId, principalType } = workload;
    const grant = { scope: this.id, roleDefinitionName: 'Storage Blob Delegator', principalId, principalType };
    const role = new RoleAssignment(workload, `${this.middle}Delegator`, grant);
    this.place.lock?.over(role);
    this.delegated.set(workload, role);
    return role;
  }

  /** Put an event into `sink` for each new object of a container. */
  deliverCreated(container: DataContainer, label: string, sink: RecordSink): EventgridSystemTopicEventSubscription {
    if (this.delivered.has(container)) {
      const remedy = 'An event hub has several readers, each with its own consumer group.';
      throw new SettingError(this.store, `deliverCreated must be called once for ${label}`, 'a second call', remedy);
    }
    this.delivered.set(container, sink);
    const { props, kind, middle: name, id: accountId } = this;
    const { site, notify, systemTopic } = props;
    this.events ??= new CreatedEvents(this.store, 'Created', {
      site,
      name,
      accountId,
      isLake: kind.isLake,
      systemTopic,
      notify,
      deadLetter: () => this.container('CreatedDeadLetter', 'created-dead-letter'),
    });
    return this.events.deliver(container.resource, label, sink);
  }

  /** Read each new object of a container when a queue delivers its event. */
  readCreated(container: DataContainer, queue: RecordSource): RecordSource {
    requireCreated(this.store, queue, this.delivered.get(container));
    return new CreatedBlobs(queue, (reader, name) => container.bindReader(reader, name));
  }
}
