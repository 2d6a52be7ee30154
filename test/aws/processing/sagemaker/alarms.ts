import { always, type Cases, from, once } from '../../../support/alarm-cases';

/** The cases of the alarms of a serverless endpoint. Latency is in microseconds. */
export const cases: Cases = {
  Invocation5XXErrors: [
    ['one request fails', { Invocation5XXErrors: once(60, 1, 0) }, 'never'],
    ['requests fail without end', { Invocation5XXErrors: from(60, 1, 0) }, 70],
    ['no request', { Invocation5XXErrors: always(undefined) }, 'never'],
  ],
  ModelLatency: [
    ['requests become slow', { ModelLatency: from(60, 2_000_000, 100_000) }, 70],
    ['one request is slow', { ModelLatency: once(60, 2_000_000, 100_000) }, 'never'],
    ['no request', { ModelLatency: always(undefined) }, 'never'],
  ],
  ServerlessConcurrentExecutionsUtilization: [
    ['the endpoint is at its limit', { ServerlessConcurrentExecutionsUtilization: from(60, 1, 0.2) }, 70],
    ['it is half used', { ServerlessConcurrentExecutionsUtilization: always(0.5) }, 'never'],
    ['no request', { ServerlessConcurrentExecutionsUtilization: always(undefined) }, 'never'],
  ],
};
