import type { IConstruct } from 'constructs';
import { requireFit } from '../../../shared/synth/handler-needs';
import { CHANNELS, requireNumber, requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { SecretVariable } from './function-grants';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,10}$/,
  must: 'be 1 to 10 lower-case letters and digits',
  remedy: 'The name of a service account has no room for more.',
};
const EMAIL: TextRule = {
  pattern: /^[^@:\s]+@\S+\.gserviceaccount\.com$/,
  must: 'be the email of a service account',
  remedy: 'Find it with gcloud iam service-accounts list.',
};
/** https://cloud.google.com/run/docs/configuring/services/environment-variables#reserved */
const VARIABLE: TextRule = {
  pattern: /^(?!(X_GOOGLE_\w*|PORT|K_(SERVICE|REVISION|CONFIGURATION)|FUNCTION_(TARGET|SIGNATURE_TYPE))$)[A-Za-z_]\w{0,99}$/,
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
const CONNECTOR: TextRule = {
  pattern: /^projects\/[^/\s]+\/locations\/[^/\s]+\/connectors\/[^/\s]+$/,
  must: 'be the id of a connector',
  remedy: 'Find it with gcloud compute networks vpc-access connectors describe.',
};

type RawSettings = Parameters<typeof requireFit>[1] & {
  readonly name?: string;
  readonly memoryMiB?: number;
  readonly timeoutSeconds?: number;
  readonly concurrency?: number;
  readonly maxInstances?: number;
  readonly minInstances?: number;
  readonly environmentVariables?: Readonly<Record<string, string>>;
  readonly secretEnvironmentVariables?: Readonly<Record<string, SecretVariable>>;
  readonly vpcConnector?: string;
  readonly serviceAccount?: string;
  readonly notify?: readonly string[];
};

/**
 * The settings of a function, checked, with their defaults.
 * @throws SettingError
 */
export function functionSettings(scope: IConstruct, props: RawSettings) {
  const { serviceAccount, environmentVariables = {}, secretEnvironmentVariables = {}, vpcConnector } = props;
  const { name = 'func', memoryMiB = 2048, timeoutSeconds = 60, concurrency = 10, maxInstances = 10, minInstances = 0 } = props;
  requireText(scope, { name }, NAME);
  requireNumber(scope, { memoryMiB }, { from: 256, to: 4096, unit: 'MiB', remedy: 'One vCPU allows no other value.' }, 'known');
  requireNumber(scope, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'For longer work use a container that pulls.' });
  requireNumber(scope, { concurrency }, { from: 1, to: 1000, unit: 'calls', remedy: 'Cloud Run allows no more.' });
  requireNumber(scope, { maxInstances }, { from: 1, to: 1000, unit: 'instances', remedy: 'Google allows more only with a higher quota.' });
  requireNumber(scope, { minInstances }, { from: 0, to: maxInstances, unit: 'instances', remedy: 'It must not be above maxInstances.' });
  requireTexts(scope, { notify: props.notify }, CHANNELS);
  requireFit(scope, props);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  if (vpcConnector !== undefined) requireText(scope, { vpcConnector }, CONNECTOR);
  requireVariables(scope, { environmentVariables, secretEnvironmentVariables }, ['DEAD_LETTER', ...Object.keys(props.stores)]);
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
  return { name, memoryMiB, timeoutSeconds, concurrency, maxInstances, minInstances, environmentVariables, secretEnvironmentVariables };
}

/** Refuse names of variables that Google or the handler uses. */
function requireVariables(scope: IConstruct, settings: Readonly<Record<string, object>>, own: readonly string[]) {
  const seen = new Set<string>();
  for (const [setting, variables] of Object.entries(settings)) {
    if (typeof variables !== 'object' || variables === null || Array.isArray(variables)) {
      throw new SettingError(scope, `${setting} must be an object`, typeof variables, 'Write it like { LEVEL: ... }.');
    }
    for (const name of Object.keys(variables)) {
      requireText(scope, { [setting]: name }, VARIABLE);
      if (own.some((start) => name.startsWith(`${start}_`))) {
        const remedy = `The processor sets the variables that start with ${own.map((start) => `${start}_`).join(' or ')}.`;
        throw new SettingError(scope, `${setting} must not set variables of the handler`, `"${name}"`, remedy);
      }
      if (seen.has(name)) throw new SettingError(scope, 'each variable must be set once', `"${name}" again`, 'Leave one of them out.');
      seen.add(name);
    }
  }
}
