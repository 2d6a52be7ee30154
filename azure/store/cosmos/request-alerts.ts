import type { Construct } from 'constructs';
import { alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import type { Site } from '../../ports/site';
import { ACCOUNT, type CosmosAccount } from './cosmos-account';

/** What the alerts watch, and which action groups they notify. */
interface Watched {
  readonly site: Site;
  /** The middle of the names of the alerts. */
  readonly name: string;
  readonly account: CosmosAccount;
  readonly database: string;
  readonly notify?: readonly string[];
}

/** Add alerts on throttled requests, and on server errors, of a database. Each fires at the fifth request within 15 minutes. */
export function alertOnRequests(scope: Construct, { site, name, account, database, notify }: Watched) {
  const alert = (what: string, description: string, values: string[]) => {
    const dimension = [
      { name: 'DatabaseName', operator: 'Include', values: [database] },
      { name: 'StatusCode', operator: 'Include', values },
    ];
    const metric = { metricNamespace: ACCOUNT, metricName: 'TotalRequests', aggregation: 'Count', dimension };
    const alerted = { name: `${site.prefix}-${name}-${what.toLowerCase()}`, description, site, notify, of: account.id };
    alertOnMetrics(scope, `${what}Alert`, alerted, { ...metric, operator: 'GreaterThan', threshold: TOLERATED_FAILURES });
  };
  alert('Throttled', 'Cosmos DB throttled requests. Writers retry, and their events wait.', ['429']);
  alert('Errors', 'Cosmos DB returned server errors. Writers retry, and their events wait.', ['408', '500', '503']);
}
