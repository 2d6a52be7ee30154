import { SecretManagerSecretIamMember } from '@cdktf/provider-google/lib/secret-manager-secret-iam-member';
import type { Construct, IConstruct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { needApis } from '../apis';

/** https://cloud.google.com/run/docs/configuring/services/environment-variables#reserved */
const VARIABLE: TextRule = {
  pattern: /^(?!(X_GOOGLE_\w*|PORT|K_(SERVICE|REVISION|CONFIGURATION)|FUNCTION_(TARGET|SIGNATURE_TYPE)|CLOUD_RUN_\w*)$)[A-Za-z_]\w{0,99}$/,
  must: 'have names of letters, digits and underscores that are not reserved',
  remedy: 'Google reserves PORT, K_SERVICE and some others.',
};
const SECRET: TextRule = {
  pattern: /^(projects\/[^/\s]+\/secrets\/)?[\w-]{1,255}$/,
  must: 'have names or ids of secrets',
  remedy: 'Write them like { secret: "password" } or { secret: "projects/example/secrets/password" }.',
};
const VERSION: TextRule = {
  pattern: /^(latest|[1-9]\d*)$/,
  must: 'have versions of secrets',
  remedy: 'Write it like "3", or leave it out for the latest.',
};

/** A secret of Secret Manager, as an environment variable. */
export interface SecretVariable {
  /** Its name in the project of the site, or its id, such as `projects/example/secrets/password`. */
  readonly secret: string;
  /**
   * The version that an instance reads when it starts.
   * @default latest
   */
  readonly version?: string;
}

/** The start of the variables of the dead letter. */
export const DEAD_LETTER = 'DEAD_LETTER';

/** The environment variables that a user adds to those of the stores. */
export interface Variables {
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly secretEnvironmentVariables: Readonly<Record<string, SecretVariable>>;
}

/**
 * Refuse names of variables that Google or the stores use, values that are no text, and secrets that are none.
 * @param own the starts of the variables of the stores
 * @throws SettingError
 */
export function requireVariables(
  scope: IConstruct,
  { environmentVariables, secretEnvironmentVariables }: Variables,
  own: readonly string[],
  whose: 'handler' | 'job' = 'handler',
) {
  requireNames(scope, { environmentVariables, secretEnvironmentVariables }, own, whose);
  for (const [variable, value] of Object.entries(environmentVariables)) {
    if (typeof value === 'string') continue;
    throw new SettingError(
      scope,
      'environmentVariables must have texts as values',
      `${typeof value} for ${variable}`,
      'Write it as a text.',
    );
  }
  for (const found of Object.values(secretEnvironmentVariables)) {
    requireText(scope, { secretEnvironmentVariables: found?.secret }, SECRET);
    if (found.version !== undefined) requireText(scope, { secretEnvironmentVariables: found.version }, VERSION);
  }
}

function requireNames(scope: IConstruct, settings: Readonly<Record<string, object>>, own: readonly string[], whose: 'handler' | 'job') {
  const seen = new Set<string>();
  for (const [setting, variables] of Object.entries(settings)) {
    if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) {
      throw new SettingError(scope, `${setting} must be an object`, typeof variables, 'Write it like { LEVEL: ... }.');
    }
    for (const name of Object.keys(variables)) {
      requireText(scope, { [setting]: name }, VARIABLE);
      if (own.some((start) => name.startsWith(`${start}_`))) {
        const remedy = `The ${whose === 'job' ? whose : 'processor'} sets the variables that start with ${own.map((start) => `${start}_`).join(' or ')}.`;
        throw new SettingError(scope, `${setting} must not set variables of the ${whose}`, `"${name}"`, remedy);
      }
      if (seen.has(name)) throw new SettingError(scope, 'each variable must be set once', `"${name}" again`, 'Leave one of them out.');
      seen.add(name);
    }
  }
}

/**
 * Refuse a store whose variables would be those of something else.
 * @param taken what has variables that start with each name
 * @throws SettingError
 */
export function requireOtherNames(
  scope: IConstruct,
  stores: Readonly<Record<string, unknown>>,
  taken: Readonly<Record<string, string>> = { [DEAD_LETTER]: 'the dead letter' },
) {
  const name = Object.keys(stores).find((one) => one in taken);
  if (name === undefined) return;
  const remedy = `Its variables start with its name, and those of ${taken[name]} do already.`;
  throw new SettingError(scope, `stores must not be named ${Object.keys(taken).join(' or ')}`, name, remedy);
}

/**
 * Let a workload read secrets, and return each with its project. A secret that two variables read is granted once: with either of two
 * equal grants, Google takes both away. So its address does not have the name of a variable.
 */
export function bindSecrets(
  workload: Construct & Workload,
  { project }: Site,
  secrets: Readonly<Record<string, SecretVariable>>,
  whose: 'handler' | 'job' = 'handler',
) {
  const variables = Object.entries(secrets).map(([key, { secret, version = 'latest' }]) => {
    const [, projectId = project, name = secret] = /^projects\/(.+)\/secrets\/(.+)$/.exec(secret) ?? [];
    return { key, version, projectId, secret: name };
  });
  if (variables.length > 0) needApis(workload, 'secretmanager');
  const once = variables.filter((one, index) => variables.findIndex((other) => isSame(one, other)) === index);
  const waitFor = once.map(({ key, projectId, secret: secretId }) => {
    const made = { project: projectId, secretId, role: 'roles/secretmanager.secretAccessor', member: workload.member };
    const grant = new SecretManagerSecretIamMember(workload, `Secret${key}`, made);
    keepAddress(grant, [whose, workload.name, ...(projectId === project ? [] : [projectId]), secretId].join('-'));
    return grant;
  });
  return { variables, waitFor };
}

function isSame(one: { readonly projectId: string; readonly secret: string }, other: typeof one): boolean {
  return one.projectId === other.projectId && one.secret === other.secret;
}
