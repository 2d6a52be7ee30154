import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence } from '../alert';

/** What the alerts watch, and which channels they notify. */
export interface WatchedDoor {
  readonly project: string;
  /** The start of the display name of each alert. */
  readonly name: string;
  /** The start of the display name of each condition. */
  readonly what: 'gateway' | 'entry';
  /** The filter for all requests. */
  readonly requests: readonly string[];
  /** The further filter for requests with this class of status. */
  readonly answered: (kind: 2 | 4 | 5) => readonly string[];
  /** After how many minutes without an accepted event an alert fires. */
  readonly silenceMinutes: number;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** A device sends again what failed, so a few failures lose nothing. */
export const FEW = 10;

/**
 * Add the alerts of whatever runs the handler `device-https-to-pub-sub`: requests that fail, a large share of requests that are
 * refused, and no accepted event for a while.
 */
export function alertOnDoor(scope: Construct, { project, name, what, requests, answered, silenceMinutes, notify }: WatchedDoor) {
  const counted = { project, notify, kind: 'counter', periodSeconds: 300, lastingSeconds: 60 } as const;
  alertAbove(scope, 'FailuresAlert', {
    ...counted,
    title: `${name}: failed requests`,
    condition: `${what} 5xx`,
    filter: [...requests, ...answered(5)],
    above: FEW,
    meaning: 'Requests fail: Pub/Sub or the registry does not answer, or instances end. The log says which. Devices send again.',
  });
  alertAbove(scope, 'RefusedAlert', {
    ...counted,
    lastingSeconds: 900,
    title: `${name}: refused requests`,
    condition: `${what} share of 4xx`,
    filter: [...requests, ...answered(4)],
    shareOf: requests,
    above: 0.1,
    meaning:
      'For 15 minutes, more than a tenth of the requests was refused: tokens, which the log names if a device signed them, the event contract, too many requests, or strangers.',
  });
  const silence = {
    project,
    notify,
    title: `${name}: no accepted events`,
    condition: `${what} accepts nothing`,
    filter: [...requests, ...answered(2)],
    meaning: `No event was accepted for ${silenceMinutes} minutes: devices are down, cannot connect, or are all refused.`,
  };
  alertOnAbsence(scope, 'SilenceAlert', silence, silenceMinutes * 60);
}
