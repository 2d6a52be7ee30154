import type { IConstruct } from 'constructs';
import { requireEachOnce, requireFit } from '../../../shared/synth/handler-needs';
import { CHANNELS, requireNumber, requireText, requireTexts, type TextRule } from '../../../shared/synth/settings';
import { DEAD_LETTER, requireOtherNames, requireVariables, type Variables } from '../../foundation/run/variables';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';

const CONNECTOR: TextRule = {
  pattern: /^projects\/[^/\s]+\/locations\/[^/\s]+\/connectors\/[^/\s]+$/,
  must: 'be the id of a connector',
  remedy: 'Find it with gcloud compute networks vpc-access connectors describe.',
};

type RawSettings = Parameters<typeof requireFit>[1] &
  Partial<Variables> & {
    readonly name?: string;
    readonly memoryMiB?: number;
    readonly timeoutSeconds?: number;
    readonly concurrency?: number;
    readonly maxInstances?: number;
    readonly minInstances?: number;
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
  requireText(scope, { name }, ACCOUNT_NAME);
  requireNumber(scope, { memoryMiB }, { from: 256, to: 4096, unit: 'MiB', remedy: 'One vCPU allows no other value.' }, 'known');
  requireNumber(scope, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'For longer work use a container that pulls.' });
  requireNumber(scope, { concurrency }, { from: 1, to: 1000, unit: 'calls', remedy: 'Cloud Run allows no more.' });
  requireNumber(scope, { maxInstances }, { from: 1, to: 1000, unit: 'instances', remedy: 'Google allows more only with a higher quota.' });
  requireNumber(scope, { minInstances }, { from: 0, to: maxInstances, unit: 'instances', remedy: 'It must not be above maxInstances.' });
  requireTexts(scope, { notify: props.notify }, CHANNELS);
  requireFit(scope, props);
  requireEachOnce(scope, 'stores', props.stores);
  requireOtherNames(scope, props.stores);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  if (vpcConnector !== undefined) requireText(scope, { vpcConnector }, CONNECTOR);
  requireVariables(scope, { environmentVariables, secretEnvironmentVariables }, [DEAD_LETTER, ...Object.keys(props.stores)]);
  return { name, memoryMiB, timeoutSeconds, concurrency, maxInstances, minInstances, environmentVariables, secretEnvironmentVariables };
}
