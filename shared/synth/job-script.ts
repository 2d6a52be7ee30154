import { existsSync, readFileSync } from 'node:fs';
import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from './settings';
import { sha256 } from './sha256';

const ARGUMENT: TextRule = {
  pattern: /^[A-Za-z][\w-]*$/,
  must: 'be named in letters, digits, underscores and hyphens, a letter first',
  remedy: 'Leave the two hyphens at the start out: { HOURS: "0" }.',
};

/**
 * Refuse what is not the path of a Python file.
 * @throws SettingError
 */
export function requireScript(job: IConstruct, script: string) {
  if (typeof script === 'string' && script.endsWith('.py') && existsSync(script)) return;
  const got = typeof script === 'string' ? JSON.stringify(script.slice(0, 100)) : typeof script;
  throw new SettingError(
    job,
    'script must be the path of a Python file',
    got,
    'Write it like packageScript("shared/runtime/spark/compact").',
  );
}

/**
 * Refuse arguments that the job sets itself, and values that are no text.
 * @param taken the names of arguments that are taken, and of stores, with which arguments start
 * @throws SettingError
 */
export function requireArguments(job: IConstruct, given: Readonly<Record<string, string>>, taken: readonly string[]) {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new SettingError(job, 'arguments must be texts by their names', Array.isArray(given) ? 'a list' : String(given), ARGUMENT.remedy);
  }
  for (const [name, value] of Object.entries(given)) {
    requireText(job, { arguments: name }, ARGUMENT);
    if (typeof value !== 'string') throw new SettingError(job, `the argument ${name} must be a text`, typeof value, 'Write it in quotes.');
    const owner = taken.find((one) => name === one || name.startsWith(`${one}_`));
    if (owner === undefined) continue;
    throw new SettingError(
      job,
      'arguments must not set what the job sets itself',
      name,
      `The job sets the arguments that start with ${owner}.`,
    );
  }
}

/** Arguments as a command line has them: a name with two hyphens, then its value. */
export function asOptions(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`--${name}`, value]));
}

/** The SHA-256 of what is in a script, in hexadecimal. */
export function hashOfScript(script: string): string {
  return sha256(readFileSync(script));
}
