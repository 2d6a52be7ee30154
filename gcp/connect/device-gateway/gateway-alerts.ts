import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';

/** What the alerts watch, and which channels they notify. */
interface Watched {
  readonly project: string;
  /** The name of the Cloud Run service. */
  readonly service: string;
  /** The start of the display name of each alert. */
  readonly name: string;
  /** The id of the topic that the gateway publishes to. */
  readonly topic: string;
  /** After how many minutes without an accepted event an alert fires. */
  readonly silenceMinutes: number;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** A device sends again what failed, so a few failures lose nothing. */
const FEW = 10;

/**
 * Add the alerts of a gateway: requests that fail, a large share of requests that are refused, publishes that fail, and no accepted
 * event for a while.
 */
export function alertOnGateway(scope: Construct, { project, service, name, topic, silenceMinutes, notify }: Watched) {
  const requests = [
    'resource.type = "cloud_run_revision"',
    `resource.labels.service_name = "${service}"`,
    'metric.type = "run.googleapis.com/request_count"',
  ];
  const answered = (kind: string) => [...requests, `metric.labels.response_code_class = "${kind}"`];
  const counted = { project, notify, kind: 'counter', periodSeconds: 300, lastingSeconds: 60 } as const;
  alertAbove(scope, 'FailuresAlert', {
    ...counted,
    title: `${name}: failed requests`,
    condition: 'gateway 5xx',
    filter: answered('5xx'),
    above: FEW,
    meaning: 'Requests fail: Pub/Sub or the registry does not answer, or instances end. The log says which. Devices send again.',
  });
  alertAbove(scope, 'RefusedAlert', {
    ...counted,
    lastingSeconds: 900,
    title: `${name}: refused requests`,
    condition: 'gateway share of 4xx',
    filter: answered('4xx'),
    shareOf: requests,
    above: 0.1,
    meaning: 'For 15 minutes, more than a tenth of the requests was refused: tokens, the event contract, or too many requests.',
  });
  alertAbove(scope, 'PublishAlert', {
    ...counted,
    title: `${name}: failed publishes`,
    condition: 'gateway publishes that fail',
    filter: [
      'resource.type = "pubsub_topic"',
      `resource.labels.topic_id = "${Fn.element(Fn.split('/', topic), 3)}"`,
      'metric.type = "pubsub.googleapis.com/topic/send_request_count"',
      'metric.labels.response_code != "success"',
    ],
    above: FEW,
    meaning: 'Pub/Sub does not take what is published to the topic: a limit, a missing role, or a fault. Devices send again.',
  });
  const silence = {
    project,
    notify,
    title: `${name}: no accepted events`,
    condition: 'gateway accepts nothing',
    filter: answered('2xx'),
    meaning: `No event was accepted for ${silenceMinutes} minutes: devices are down, cannot connect, or are all refused.`,
  };
  alertOnAbsence(scope, 'SilenceAlert', silence, silenceMinutes * 60);
}
