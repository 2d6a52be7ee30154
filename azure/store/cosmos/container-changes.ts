import { CosmosdbSqlContainer, type CosmosdbSqlContainerConfig } from '@cdktf/provider-azurerm/lib/cosmosdb-sql-container';
import type { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { type NumberRule, requireNumber } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';
import type { ContainerAccess, CosmosBinding } from './container-access';
import type { CosmosAccount } from './cosmos-account';

const BATCH: NumberRule = { from: 1, to: 1000, unit: 'rows', remedy: 'A larger batch may not fit into the memory of a function.' };
const WINDOW: NumberRule = { from: 1, to: 3600, unit: 'seconds', remedy: 'The next batch is read after this pause.' };
const RETRIES: NumberRule = { from: 1, to: 20, unit: 'retries', remedy: 'Without a limit, one bad batch blocks all later changes.' };

/** What the changes of a container need of it. */
export interface ContainerChangesProps {
  readonly account: CosmosAccount;
  readonly access: ContainerAccess;
  readonly database: string;
  readonly site: Site;
  /** How the containers of leases are billed, like the container itself. */
  readonly throughput: Pick<CosmosdbSqlContainerConfig, 'autoscaleSettings'>;
}

/** A binding of a function, with the container of its leases. */
export interface ChangesBinding extends CosmosBinding {
  /** The positions of the function in the changes. Without it, the function reads all rows again. */
  readonly leases: CosmosdbSqlContainer;
}

/**
 * The changes of a container as a source of records: each row that was added or changed, in order for each row, from the first row
 * on. A row that changes again before it is read comes once, in its latest version. Rows that are deleted or expire do not come.
 *
 * Cosmos DB keeps changes as long as the rows. Each function has a container of leases of its own, with its position.
 * @see https://learn.microsoft.com/azure/cosmos-db/change-feed
 */
export class ContainerChanges implements RecordSource {
  readonly format = 'cosmos';

  constructor(
    private readonly store: Construct,
    private readonly props: ContainerChangesProps,
  ) {}

  /** The defaults of `delivery`: batches of up to 1,000 rows, a minute between two reads, and 5 retries, which take about ten minutes. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): ChangesBinding {
    const { account, access, database, site, throughput } = this.props;
    const { batchSize = 1000, batchWindowSeconds = 60, maxRetries = 5 } = delivery;
    requireNumber(this.store, { batchSize }, BATCH, 'known');
    requireNumber(this.store, { batchWindowSeconds }, WINDOW, 'known');
    requireNumber(this.store, { maxRetries }, RETRIES, 'known');
    takeName(target, 'reader of the changes of a container', target.name, [account.id, database], 'Its leases have the same name.');
    const leases = new CosmosdbSqlContainer(target, 'Leases', {
      name: `leases-${target.name}`,
      accountName: account.name,
      databaseName: database,
      resourceGroupName: account.resourceGroupName,
      partitionKeyPaths: ['/id'],
      partitionKeyVersion: 2,
      ...throughput,
    });
    // They hold the position: made anew, the function would read all rows again. Without what all names of a site have in common.
    const own = target.name.replace(`${site.prefix}-`, '').replace(`-${site.suffix}`, '');
    keepAddress(leases, `leases-${own}`);
    account.lock?.over(leases);
    const { settings, role } = access.bindReader(target, 'EVENTS');
    const keeper = access.grant(target, 'LeaseKeeper', 'Contributor', leases.name);
    const { EVENTS_ENDPOINT: address, ...place } = settings;
    return {
      leases,
      role,
      waitFor: [leases, role, keeper],
      settings: {
        ...place,
        EVENTS_LEASES: leases.name,
        EVENTS_BATCH_SIZE: String(batchSize),
        EVENTS_BATCH_WINDOW_SECONDS: String(batchWindowSeconds),
        EVENTS_MAX_RETRIES: String(maxRetries),
        EVENTS__accountEndpoint: address!,
        EVENTS__credential: 'managedidentity',
        EVENTS__clientId: target.clientId,
      },
    };
  }

  /** Let `reader` read the changes itself, with a client of Cosmos DB that keeps its position. It may also query all rows. */
  bindReader(reader: Workload, name: string): Binding {
    return this.props.access.bindReader(reader, name);
  }
}
