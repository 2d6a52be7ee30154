import type { Construct } from 'constructs';
import { alertOnDoor, type WatchedDoor } from '../../foundation/devices/door-alerts';

const CODE = 'metric.labels.response_code';

/** Add the alerts of an entry. They watch all versions of the service. */
export function alertOnEntry(
  scope: Construct,
  { service, ...watched }: Pick<WatchedDoor, 'project' | 'name' | 'silenceMinutes' | 'notify'> & { readonly service: string },
) {
  alertOnDoor(scope, {
    ...watched,
    what: 'entry',
    requests: [
      'resource.type = "gae_app"',
      `resource.labels.module_id = "${service}"`,
      'metric.type = "appengine.googleapis.com/http/server/response_count"',
    ],
    answered: (kind) => [`${CODE} >= ${kind}00`, `${CODE} < ${kind + 1}00`],
  });
}
