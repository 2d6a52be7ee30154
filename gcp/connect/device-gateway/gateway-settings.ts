import type { IConstruct } from 'constructs';
import { requireFit } from '../../../shared/synth/handler-needs';
import { CHANNELS, type NumberRule, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { TOKENS } from '../../foundation/devices/devices';
import { type ContainerImage, type ImagePolicy, requireImage, requirePolicy } from '../../foundation/images';
import { MEMBERS } from '../../foundation/principal';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';
import type { RecordSink } from '../../ports/records';

/** The limits of the settings that are numbers. */
const NUMBERS = {
  ...TOKENS,
  concurrency: { from: 1, to: 1000, unit: 'requests', remedy: 'Cloud Run allows no more.' },
  maxInstances: { from: 1, to: 1000, unit: 'instances', remedy: 'Google allows more only with a higher quota.' },
  silenceMinutes: { from: 2, to: 1410, unit: 'minutes', remedy: 'Cloud Monitoring looks back 23.5 hours.' },
} satisfies Record<string, NumberRule>;

type Numbers = Readonly<Partial<Record<keyof typeof NUMBERS | 'memoryMiB' | 'minInstances', number>>>;

interface RawSettings extends Numbers {
  readonly sink: RecordSink;
  readonly code: Parameters<typeof requireFit>[1]['code'];
  readonly image: ContainerImage;
  readonly binaryAuthorization?: ImagePolicy;
  readonly name?: string;
  readonly registrars?: readonly string[];
  readonly serviceAccount?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of a gateway, checked, with their defaults.
 * @throws SettingError
 */
export function gatewaySettings(scope: IConstruct, props: RawSettings) {
  const { code, image, registrars = [], serviceAccount, notify = [] } = props;
  const { name = 'gateway', tokenSeconds = 3600, keySeconds = 60, concurrency = 80 } = props;
  const { memoryMiB = 512, maxInstances = 10, minInstances = 0, silenceMinutes = 60 } = props;
  // The names of the neighbours, by which the handler reads its settings.
  requireFit(scope, { code, source: { format: 'device-https' }, stores: { EVENTS: props.sink, REGISTRY: props.sink } });
  requireImage(scope, image);
  requirePolicy(scope, props.binaryAuthorization);
  requireText(scope, { name }, ACCOUNT_NAME);
  const numbers = { tokenSeconds, keySeconds, concurrency, maxInstances };
  for (const [setting, value] of Object.entries(numbers)) {
    requireNumber(scope, { [setting]: value }, NUMBERS[setting as keyof typeof numbers]);
  }
  requireNumber(scope, { silenceMinutes }, NUMBERS.silenceMinutes, 'known');
  requireNumber(scope, { memoryMiB }, { from: 512, to: 4096, unit: 'MiB', remedy: 'Cloud Run allows no other with 1 vCPU.' }, 'known');
  requireNumber(scope, { minInstances }, { from: 0, to: maxInstances, unit: 'instances', remedy: 'It must not be above maxInstances.' });
  requireTexts(scope, { registrars }, MEMBERS);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  requireTexts(scope, { notify }, CHANNELS);
  return { name, ...numbers, memoryMiB, minInstances, silenceMinutes, registrars, notify };
}
