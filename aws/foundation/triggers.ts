import type { IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';
import type { FunctionWorkload } from '../ports/identity';

const sources = new WeakMap<FunctionWorkload, readonly IConstruct[]>();

/**
 * The id of what brings the records of a source to a function. That of the first source does not name it, so that whoever
 * has one source keeps its event source mapping, and with it the place up to which it has read.
 * @throws SettingError when the source brings its records to the function already
 */
export function triggerId(source: IConstruct, target: FunctionWorkload): string {
  const known = sources.get(target) ?? [];
  if (known.includes(source)) {
    throw new SettingError(source, 'deliverTo must name a target once', `${target.node.path} again`, 'Change the delivery to it instead.');
  }
  sources.set(target, [...known, source]);
  return known.length === 0 ? 'Trigger' : `Trigger${source.node.id}`;
}
