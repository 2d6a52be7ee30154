import { FilterCriteria } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { requireNumber, requireOneOf, requireTime, SettingError } from '../../shared/synth/settings';
import type { Delivery } from '../ports/delivery';

/** The settings of an event source mapping that every source has. */
export type Batches = Required<Pick<Delivery, 'batchSize' | 'batchWindow' | 'enabled'>> & {
  readonly filters?: Record<string, unknown>[];
};

const MOST_FILTERS = 5;

/**
 * Check how records are batched and filtered, and convert it for an event source mapping.
 * @param shortest the shortest window that Lambda allows for a batch of this size, in seconds
 * @throws SettingError on a batch that Lambda does not allow
 */
export function requireBatches(
  source: Construct,
  { filters, enabled = true, batchSize, batchWindow }: Delivery & Pick<Batches, 'batchSize' | 'batchWindow'>,
  shortest: number,
  remedy: string,
): Batches {
  requireNumber(
    source,
    { batchSize },
    { from: 1, to: 10_000, unit: 'records', remedy: 'Lambda allows at most 10000 records in one call.' },
  );
  requireTime(source, { batchWindow }, { from: shortest, to: 300, unit: 'seconds', remedy });
  requireOneOf(source, { enabled }, [true, false], 'With false, records stay in the source.');
  if (filters === undefined) return { batchSize, batchWindow, enabled };
  const isRight = Array.isArray(filters) && filters.length >= 1 && filters.length <= MOST_FILTERS && filters.every(isPattern);
  if (isRight) return { batchSize, batchWindow, enabled, filters: filters.map((filter) => FilterCriteria.filter(filter)) };
  const got = Array.isArray(filters) ? `a list of ${filters.length}` : typeof filters;
  throw new SettingError(source, `filters must be 1 to ${MOST_FILTERS} patterns`, got, 'Write them like [{ data: { type: ["heated"] } }].');
}

function isPattern(filter: unknown): boolean {
  return typeof filter === 'object' && filter !== null && !Array.isArray(filter) && Object.keys(filter).length > 0;
}
