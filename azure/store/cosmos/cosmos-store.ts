import type { CosmosdbAccount } from '@cdktf/provider-azurerm/lib/cosmosdb-account';
import { CosmosdbSqlContainer } from '@cdktf/provider-azurerm/lib/cosmosdb-sql-container';
import { CosmosdbSqlDatabase } from '@cdktf/provider-azurerm/lib/cosmosdb-sql-database';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import type { Removal } from '../../../shared/synth/settings';
import {
  ACTION_GROUPS,
  mayDestroy,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
} from '../../../shared/synth/settings';
import { canonicalId } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import { NAME } from '../../foundation/rules';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { ContainerAccess, type CosmosBinding } from './container-access';
import { ContainerChanges } from './container-changes';
import { ACCOUNT, CosmosAccount } from './cosmos-account';
import { ACCOUNT_ID, FIELD, KEPT, requireUnits } from './cosmos-rules';
import { alertOnRequests } from './request-alerts';

/** Settings for {@link CosmosStore}. */
export interface CosmosStoreProps {
  /** The resource group, the region and the workspace of the store. */
  readonly site: Site;
  /**
   * The middle of the name of the account, and the name of the database: 1 to 20 lower-case letters and digits, starting with a
   * letter. Each store of a site and of an account needs its own name. Do not change it: the plan would delete the store.
   * @default rows
   */
  readonly name?: string;
  /**
   * The field of a row by which rows are looked up at the lowest price, such as `subject`. Its value must be a text of 1 to 1000
   * bytes: a row without it goes to the dead letter. It is the start of the partition key, with the id of the item behind it, so a
   * value can have any number of rows. It cannot be changed: another field needs a new container.
   * @default source
   */
  readonly lookUpBy?: string;
  /**
   * How long a row is kept after its last change, from 1 to 24855 days. Cosmos DB deletes it then. A changed retention applies to
   * all rows.
   * @default - rows are kept forever
   */
  readonly retentionDays?: number;
  /**
   * The maximum of autoscale, in request units a second, from 1000 to 1000000 in steps of 1000. At least a tenth of it is billed by
   * the hour, also for the leases of each function that reads the changes. A new account cannot be changed from one to the other.
   * @default - serverless: each request is billed, up to 5000 request units a second
   */
  readonly maxRequestUnits?: number;
  /**
   * How far back the account can be restored to any second, as a new account: 7 or 30 days. 30 days cost 0.20 USD a gigabyte and month.
   * @default 7
   */
  readonly backupRetentionDays?: 7 | 30;
  /**
   * Whether the copies of the data are in several zones, so that they survive the loss of one. Not every region has room for it.
   * @default false
   */
  readonly zoneRedundant?: boolean;
  /**
   * The id of an existing account of the API for NoSQL to create the database in. Its keys, backup, network and logs stay unchanged.
   * Without `maxRequestUnits`, it must be serverless.
   * @default - a new account
   */
  readonly accountId?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * Whether a lock protects a new account from deletion with any tool. The deployer must be Owner or User Access Administrator, and
   * a create and a destroy take two minutes longer. While the lock exists, no role assignment of the account can be deleted: an
   * apply that removes a writer from the stack fails.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * Store stage: a container of Azure Cosmos DB for NoSQL, for rows that are looked up within milliseconds and queried by any field.
 * Clients sign in with Microsoft Entra ID: keys are disabled, and writers may add rows and nothing else.
 *
 * Each row has the key of its event, so an event that is sent or delivered twice is stored once: the first row of a key stays. A row
 * is one item: its fields, and `id`, `eventId` and `ttl`, which belong to the store.
 *
 * Do not use it for queries over most of the rows or for joins: use objects in Blob Storage. Do not use it for rows over 2 MB, which
 * go to the dead letter. For look-ups by one key at a lower price, and no changes, use a `StorageTableStore`.
 *
 * Idle it costs 0.25 USD a gigabyte and month. A million rows of 1 KB cost 1.50 USD to write, and a million look-ups 0.25 USD. With
 * `maxRequestUnits`, 1000 request units cost 9 to 88 USD a month.
 *
 * Another `lookUpBy`, or autoscale instead of serverless, would replace the store by an empty one: with `retain`, the plan fails
 * instead. Another `name` is another store, and the plan deletes the one before: a `lock` prevents it.
 * @see https://learn.microsoft.com/azure/cosmos-db/nosql/
 */
export class CosmosStore extends Construct implements TableStore {
  /** The account, if this construct created it. */
  readonly account?: CosmosdbAccount;
  /** The name of the account, new or existing. */
  readonly accountName: string;
  readonly database: CosmosdbSqlDatabase;
  /** The container of the rows. */
  readonly container: CosmosdbSqlContainer;
  /** The field by which rows are looked up. */
  readonly lookUpBy: string;
  /** The changes of the container, as a source of records. */
  readonly changes: ContainerChanges;

  private readonly access: ContainerAccess;

  constructor(scope: Construct, id: string, props: CosmosStoreProps) {
    super(scope, id);
    const { site, notify, accountId: existingId, retentionDays, maxRequestUnits, zoneRedundant = false, lock } = props;
    const name = props.name ?? 'rows';
    const backupRetentionDays = props.backupRetentionDays ?? 7;
    this.lookUpBy = props.lookUpBy ?? 'source';
    requireText(this, { name }, NAME);
    requireText(this, { lookUpBy: this.lookUpBy }, FIELD);
    if (retentionDays !== undefined) requireNumber(this, { retentionDays }, KEPT, 'known');
    if (maxRequestUnits !== undefined) requireUnits(this, maxRequestUnits);
    requireOneOf(this, { backupRetentionDays }, [7, 30], 'Cosmos DB has no other continuous backups.');
    requireOneOf(this, { zoneRedundant }, [true, false], 'Leave it out for one zone.');
    requireTexts(this, { notify }, ACTION_GROUPS);
    requireOneOf(this, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
    if (existingId !== undefined) {
      requireText(this, { accountId: existingId }, ACCOUNT_ID);
      const { backupRetentionDays: days, zoneRedundant: zones } = props;
      requireAbsent(this, 'accountId', { backupRetentionDays: days, zoneRedundant: zones, lock });
    }
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (existingId === undefined) takeName(this, 'Cosmos DB store of a site', name, [site.prefix, site.suffix]);
    else takeName(this, 'Cosmos DB store of an account', name, [canonicalId(existingId, ACCOUNT)]);
    needResourceProviders(this, 'Microsoft.DocumentDB', 'Microsoft.Insights');

    const serverless = maxRequestUnits === undefined;
    const account = new CosmosAccount(this, 'Account', {
      ...{ site, name, serverless, backupRetentionDays, zoneRedundant, existingId, lifecycle, lock },
    });
    const { resourceGroupName } = account;
    [this.account, this.accountName] = [account.resource, account.name];
    this.database = new CosmosdbSqlDatabase(this, 'Database', { name, accountName: account.name, resourceGroupName, lifecycle });
    keepAddress(this.database, name);
    const throughput = serverless ? {} : { autoscaleSettings: { maxThroughput: maxRequestUnits } };
    this.container = new CosmosdbSqlContainer(this, 'Container', {
      name: 'rows',
      accountName: account.name,
      databaseName: this.database.name,
      resourceGroupName,
      partitionKeyKind: 'MultiHash',
      partitionKeyPaths: [`/${this.lookUpBy}`, '/id'],
      partitionKeyVersion: 2,
      // -1: rows are kept. Without a value, Terraform could not take a retention back.
      defaultTtl: retentionDays === undefined ? -1 : retentionDays * 86_400,
      ...throughput,
      lifecycle,
    });
    keepAddress(this.container, `${name}-rows`);
    account.lock?.over(this.database, this.container);

    const [database, container] = [this.database.name, this.container.name];
    this.access = new ContainerAccess(this, account, database, container, `${site.prefix}-${name}-writer`);
    this.changes = new ContainerChanges(this, { account, access: this.access, database, site, throughput });
    alertOnRequests(this, { site, name, account, database, notify });
  }

  bindWriter(writer: Workload, name: string): CosmosBinding {
    const { settings, ...binding } = this.access.bindWriter(writer, name);
    return { ...binding, settings: { ...settings, [`${name}_LOOK_UP_BY`]: this.lookUpBy } };
  }

  /** Let `reader` look rows up, query them and read their changes, and nothing else. A person needs it for the Data Explorer too. */
  bindReader(reader: Workload, name: string): CosmosBinding {
    return this.access.bindReader(reader, name);
  }
}
