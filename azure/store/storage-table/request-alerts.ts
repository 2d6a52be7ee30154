import type { Construct } from 'constructs';
import { alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

const TABLES = 'Microsoft.Storage/storageAccounts/tableServices';

/** What the alerts watch, and which action groups they notify. */
interface Watched {
  readonly site: Site;
  /** The middle of the names of the alerts. */
  readonly name: string;
  /** The id of the table service of the account. Its metrics do not tell one table from another. */
  readonly tables: string;
  readonly notify?: readonly string[];
}

/** Add alerts on throttled requests, and on server errors, of the tables of an account. Each fires at the fifth request within 15 minutes. */
export function alertOnRequests(scope: Construct, { site, name, tables, notify }: Watched) {
  // A store of Cosmos DB can have the same name, and alerts of its own.
  const alert = (what: string, description: string, values: string[]) => {
    const dimension = [{ name: 'ResponseType', operator: 'Include', values }];
    const metric = { metricNamespace: TABLES, metricName: 'Transactions', aggregation: 'Total', dimension };
    const alerted = { name: `${site.prefix}-${name}-tables-${what.toLowerCase()}`, description, site, notify, of: tables };
    alertOnMetrics(scope, `${what}Alert`, alerted, { ...metric, operator: 'GreaterThan', threshold: TOLERATED_FAILURES });
  };
  alert('Throttled', 'Table Storage throttled requests. Writers retry, and their events wait.', [
    'ServerBusyError',
    'ClientThrottlingError',
    'ClientAccountRequestThrottlingError',
    'ClientAccountBandwidthThrottlingError',
  ]);
  alert('Errors', 'Table Storage returned server errors. Writers retry, and their events wait.', [
    'ServerOtherError',
    'ServerTimeoutError',
  ]);
}
