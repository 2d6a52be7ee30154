import { existsSync } from 'node:fs';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct, IDependable } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';

const ARGUMENT: TextRule = {
  pattern: /^[A-Za-z][\w-]*$/,
  must: 'be named in letters, digits, underscores and hyphens, a letter first',
  remedy: 'Leave the two hyphens at the start out: { HOURS: "0" }.',
};

/**
 * Refuse what is not the path of a Python file.
 * @throws SettingError
 */
export function requireScript(job: Construct, script: string) {
  if (typeof script === 'string' && script.endsWith('.py') && existsSync(script)) return;
  const got = typeof script === 'string' ? JSON.stringify(script.slice(0, 100)) : typeof script;
  throw new SettingError(job, 'script must be the path of a Python file', got, 'Write it like packageScript("aws/runtime/spark/compact").');
}

/**
 * Refuse arguments that the job sets itself, and values that are no text.
 * @param taken the names of arguments that are taken, and of stores, with which arguments start
 * @throws SettingError
 */
export function requireArguments(job: Construct, given: Readonly<Record<string, string>>, taken: readonly string[]) {
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

/** A script in the bucket for assets. */
export interface BoundScript {
  /** Its address in S3. */
  readonly url: string;
  readonly bucketArn: string;
  readonly key: string;
  /** The permissions. If they do not exist before the job, it cannot read its script. */
  readonly waitFor: readonly IDependable[];
}

/** Upload a script to the bucket for assets, and allow a job to read it and no other. */
export function bindScript(job: Construct & Workload, script: string): BoundScript {
  const asset = new Asset(job, 'Script', { path: script });
  const resourceArns = [asset.bucket.arnForObjects(asset.s3ObjectKey)];
  return {
    url: asset.s3ObjectUrl,
    bucketArn: asset.bucket.bucketArn,
    key: asset.s3ObjectKey,
    waitFor: [Grant.addToPrincipal({ grantee: job.role, actions: ['s3:GetObject'], resourceArns })],
  };
}
