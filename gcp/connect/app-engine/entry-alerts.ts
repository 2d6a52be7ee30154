import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';

/** What the alerts watch, and which channels they notify. */
interface Watched {
  readonly project: string;
  /** The name of the service of App Engine. */
  readonly service: string;
  /** The start of the display name of each alert. */
  readonly name: string;
  /** After how many minutes without an accepted event an alert fires. */
  readonly silenceMinutes: number;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** A caller sends again what failed, so a few failures lose nothing. */
const FEW = 10;
const CODE = 'metric.labels.response_code';

/**
 * Add the alerts of an entry: requests that fail, also because Pub/Sub does not take the events; a large share of requests that are
 * refused; and no accepted event for a while. They watch all versions of the service.
 */
export function alertOnEntry(scope: Construct, { project, service, name, silenceMinutes, notify }: Watched) {
  const requests = [
    'resource.type = "gae_app"',
    `resource.labels.module_id = "${service}"`,
    'metric.type = "appengine.googleapis.com/http/server/response_count"',
  ];
  const answered = (from: number) => [...requests, `${CODE} >= ${from}`, `${CODE} < ${from + 100}`];
  const counted = { project, notify, kind: 'counter', periodSeconds: 300, lastingSeconds: 60 } as const;
  alertAbove(scope, 'FailuresAlert', {
    ...counted,
    title: `${name}: failed requests`,
    condition: 'entry 5xx',
    filter: answered(500),
    above: FEW,
    meaning: 'Requests fail: Pub/Sub or the registry does not answer, or instances end. The log says which. Callers send again.',
  });
  alertAbove(scope, 'RefusedAlert', {
    ...counted,
    lastingSeconds: 900,
    title: `${name}: refused requests`,
    condition: 'entry share of 4xx',
    filter: answered(400),
    shareOf: requests,
    above: 0.1,
    meaning: 'For 15 minutes, more than a tenth of the requests was refused: tokens, the event contract, or too many requests.',
  });
  const silence = {
    project,
    notify,
    title: `${name}: no accepted events`,
    condition: 'entry accepts nothing',
    filter: answered(200),
    meaning: `No event was accepted for ${silenceMinutes} minutes: callers are down, cannot connect, or are all refused.`,
  };
  alertOnAbsence(scope, 'SilenceAlert', silence, silenceMinutes * 60);
}
