import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  type NumberRule,
  requireNumber,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and hyphens',
  remedy: 'Start with a letter.',
};
const FILTER: TextRule = {
  pattern: /^(?=[\s\S]*\S)[^\0]{1,20000}$/,
  must: 'be a filter of Cloud Logging, of 1 to 20000 characters',
  remedy: 'Write it like severity>=ERROR. Without a filter, every entry of the project would be taken.',
};
/** A metric arrives up to 7 minutes late, and a condition on absence looks back 23.5 hours at most. */
const SILENCE: NumberRule = { from: 15, to: 1410, unit: 'minutes', remedy: 'Leave it out for logs that can be silent for longer.' };

interface RawSettings {
  readonly name: string;
  readonly filter?: string;
  readonly maxSilenceMinutes?: number;
  readonly notify: readonly string[];
}

/**
 * Refuse settings that Cloud Logging does not accept.
 * @throws SettingError
 */
export function requireSinkSettings(scope: IConstruct, { name, filter, maxSilenceMinutes, notify }: RawSettings) {
  requireText(scope, { name }, NAME);
  if (filter !== undefined) requireText(scope, { filter }, FILTER);
  if (maxSilenceMinutes !== undefined) requireNumber(scope, { maxSilenceMinutes }, SILENCE, 'known');
  requireTexts(scope, { notify }, CHANNELS);
}

/** The path of the log sink of each buffer and store. */
const sinks = new WeakMap<object, string>();

/**
 * Refuse a second log sink into a buffer or a store. All sinks write as one identity, so both would have the same permission, and to
 * remove one of them would take it away from the other.
 * @throws SettingError that shows the path of the first one
 */
export function takeDestination(scope: IConstruct, setting: 'sink' | 'store', destination: object) {
  const first = sinks.get(destination);
  if (first !== undefined) {
    throw new SettingError(scope, `${setting} must have one log sink`, `a second one beside ${first}`, 'Join the filters of both with OR.');
  }
  sinks.set(destination, scope.node.path);
}
