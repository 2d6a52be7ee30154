import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';
import { alertOnDoor, FEW, type WatchedDoor } from '../../foundation/devices/door-alerts';

/** A gateway, and whom its alerts notify. */
interface Watched extends Pick<WatchedDoor, 'project' | 'name' | 'silenceMinutes' | 'notify'> {
  /** The name of the Cloud Run service. */
  readonly service: string;
  /** The id of the topic that the gateway publishes to. */
  readonly topic: string;
}

/** Add the alerts of a gateway, and one on publishes that fail. */
export function alertOnGateway(scope: Construct, { service, topic, ...watched }: Watched) {
  alertOnDoor(scope, {
    ...watched,
    what: 'gateway',
    requests: [
      'resource.type = "cloud_run_revision"',
      `resource.labels.service_name = "${service}"`,
      'metric.type = "run.googleapis.com/request_count"',
    ],
    answered: (kind) => [`metric.labels.response_code_class = "${kind}xx"`],
  });
  const { project, name, notify } = watched;
  alertAbove(scope, 'PublishAlert', {
    ...{ project, notify, kind: 'counter', periodSeconds: 300, lastingSeconds: 60 },
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
}
