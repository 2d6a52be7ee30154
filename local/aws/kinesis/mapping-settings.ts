import type { Resource, Stack } from '../../template/stack';
import { reportsFailures } from '../lambda/batch-failures';
import type { Destination } from '../site';
import type { MappingSettings } from './event-source-mapping';

/** The settings of an event source mapping, and its on-failure destination. */
export function readMapping(
  stack: Stack,
  resource: Resource,
  destinations: ReadonlyMap<string, Destination>,
): MappingSettings & { readonly onFailure?: Destination } {
  const destination = 'DestinationConfig.OnFailure.Destination';
  stack.oneOf(resource, 'StartingPosition', ['TRIM_HORIZON']);
  return {
    batchSize: stack.number(resource, 'BatchSize', 100),
    windowSeconds: stack.number(resource, 'MaximumBatchingWindowInSeconds', 0),
    bisect: stack.value(resource, 'BisectBatchOnFunctionError') === true,
    maxRetries: stack.number(resource, 'MaximumRetryAttempts', -1),
    maxAgeSeconds: stack.number(resource, 'MaximumRecordAgeInSeconds', -1),
    reportsFailures: reportsFailures(stack, resource),
    onFailure:
      stack.value(resource, destination) === undefined
        ? undefined
        : destinations.get(stack.oneOf(resource, destination, [...destinations.keys()])),
  };
}
