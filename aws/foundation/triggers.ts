import type { IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';
import type { FunctionWorkload } from '../ports/identity';

const sources = new WeakMap<FunctionWorkload, readonly IConstruct[]>();

/**
 * The construct id of the event source mapping from a source to a function. The id for the first source is always `Trigger`, so
 * that the mapping of a function with one source keeps its logical id: a new mapping would lose the read position.
 * @throws SettingError when the source already has a mapping to the function
 */
export function triggerId(source: IConstruct, target: FunctionWorkload): string {
  const known = sources.get(target) ?? [];
  if (known.includes(source)) {
    throw new SettingError(
      source,
      'deliverTo must be called once for each target',
      `${target.node.path} again`,
      'Change the delivery of the first call instead.',
    );
  }
  sources.set(target, [...known, source]);
  return known.length === 0 ? 'Trigger' : `Trigger${source.node.id}`;
}
