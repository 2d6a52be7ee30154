import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';

/** The start of the names of the app settings of what the records of the source only name. */
const CONTENT = 'SOURCE';

/** Let a processor read what the records of its source only name, if they do. */
export function bindContents(processor: Workload, { bindContent }: RecordSource): readonly Binding[] {
  return bindContent ? [bindContent(processor, CONTENT)] : [];
}

/**
 * The names with which app settings of stores start, and of what the records of the source only name.
 * @throws SettingError if a store has the name of the latter
 */
export function storeNames(
  scope: IConstruct,
  { source, stores }: { readonly source: RecordSource; readonly stores: Readonly<Record<string, unknown>> },
): readonly string[] {
  const names = Object.keys(stores);
  if (!source.bindContent) return names;
  if (names.includes(CONTENT)) {
    const remedy = 'With this source, the processor sets SOURCE_CONTAINER: rename it.';
    throw new SettingError(scope, 'stores must not be named SOURCE', 'one', remedy);
  }
  return [...names, CONTENT];
}
