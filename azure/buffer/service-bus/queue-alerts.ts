import { TOLERATED_FAILURES } from '../../foundation/alerts';
import { type BusNamespace, NAMESPACE } from './bus-namespace';

/** How many messages a queue has if it is read too slowly. */
const BACKLOG = 10_000;

/** Add the alerts on a queue and on its namespace. */
export function alertOnQueue(bus: BusNamespace, queue: string) {
  const consequence = 'Senders that do not retry lose events.';
  bus.alert(
    'Throttled',
    `Service Bus throttled senders or readers. ${consequence}`,
    criterion('ThrottledRequests', 'Total', TOLERATED_FAILURES),
  );
  bus.alert('Errors', `Service Bus returned server errors. ${consequence}`, criterion('ServerErrors', 'Total', TOLERATED_FAILURES));

  const dead = 'The queue gave messages up: they expired, or neither the store nor the dead letter could be written for hours.';
  bus.alert('DeadLetters', dead, criterion('DeadletteredMessages', 'Average', 0, queue));
  const late = 'Messages arrive faster than they are processed. When the queue is full, senders are refused.';
  bus.alert('Backlog', late, criterion('ActiveMessages', 'Average', BACKLOG, queue));
  const unread = 'Messages wait and none is read. After their retention they go to the dead letter of the queue.';
  const notOutgoing = { ...criterion('OutgoingMessages', 'Total', 0, queue), operator: 'LessThanOrEqual' };
  bus.alert('Unread', unread, criterion('ActiveMessages', 'Minimum', 0, queue), notOutgoing);
}

/** The criterion that a metric is above a threshold: the metric of the namespace, or of one queue in it. */
function criterion(metricName: string, aggregation: 'Total' | 'Average' | 'Minimum', threshold: number, queue?: string) {
  const dimension = queue === undefined ? undefined : [{ name: 'EntityName', operator: 'Include', values: [queue] }];
  return { metricNamespace: NAMESPACE, metricName, aggregation, operator: 'GreaterThan', threshold, dimension };
}
