import { type Cost, GIB, MONTH } from '../../../shared/read/facts/cost';

/** What an instance of a service of Cloud Run has. A function of Cloud Functions is such a service. */
interface Instance {
  readonly cpu: number;
  readonly memoryGib: number;
  readonly concurrency: number;
  readonly minInstances: number;
}

/** What calls cost: each takes 50 ms, and concurrent ones share an instance, up to its concurrency. */
export function callCosts(calls: number, { cpu, memoryGib, concurrency, minInstances }: Instance): Cost[] {
  const concurrent = calls * 0.05;
  const seconds = MONTH * Math.max(concurrent / concurrency, Math.min(concurrent, 1));
  const busy = 'A higher `concurrency` of the processor, with more `memoryMiB`: more calls share an instance.';
  return [
    {
      what: 'requests, one for each event',
      price: 'cloudRunRequests',
      units: calls * MONTH,
      lower: 'Delivery without code, by `deliverInto` of the buffer, has no calls: for events that are stored unchanged.',
    },
    { what: 'vCPU time, 50 ms for each call', price: 'cloudRunCpu', units: seconds * cpu, lower: busy },
    { what: 'memory, 50 ms for each call', price: 'cloudRunMemory', units: seconds * memoryGib, lower: busy },
    {
      what: 'request log, 1 kB for each call',
      price: 'cloudLogging',
      units: (calls * MONTH * 1000) / GIB,
      lower: 'An exclusion of `run.googleapis.com%2Frequests` in the log sink `_Default` of the project.',
    },
    {
      what: 'minimum instances',
      price: 'cloudRunReady',
      units: MONTH * minInstances * (cpu + memoryGib),
      lower: '`minInstances: 0` of the processor: the first event after a pause then waits for a cold start.',
    },
  ];
}
