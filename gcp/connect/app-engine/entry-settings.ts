import type { IConstruct } from 'constructs';
import { type HandlerCode, requireFit } from '../../../shared/synth/handler-needs';
import {
  CHANNELS,
  type NumberRule,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
} from '../../../shared/synth/settings';
import { TOKENS } from '../../foundation/devices/devices';
import { MEMBERS } from '../../foundation/principal';
import { ACCOUNT_NAME, EMAIL } from '../../foundation/service-account';
import type { RecordSink } from '../../ports/records';

/** The memory of an instance in MiB. F1 has 384, which is too little for several of the largest requests. */
export const MEMORY = { F2: 768, F4: 1536, F4_1G: 3072 } as const;
/** From where App Engine lets requests in. */
export const INGRESS = {
  internal: 'INGRESS_TRAFFIC_ALLOWED_INTERNAL_ONLY',
  'internal-and-load-balancer': 'INGRESS_TRAFFIC_ALLOWED_INTERNAL_AND_LB',
  public: 'INGRESS_TRAFFIC_ALLOWED_ALL',
} as const;

/** The limits of the settings that are numbers. */
const NUMBERS = {
  ...TOKENS,
  concurrency: { from: 1, to: 1000, unit: 'requests', remedy: 'App Engine allows no more.' },
  maxInstances: { from: 1, to: 1000, unit: 'instances', remedy: 'It limits the cost.' },
  silenceMinutes: { from: 2, to: 1410, unit: 'minutes', remedy: 'Cloud Monitoring looks back 23.5 hours.' },
} satisfies Record<string, NumberRule>;

type Numbers = Readonly<Partial<Record<keyof typeof NUMBERS, number>>>;

interface RawSettings extends Numbers {
  readonly sink: RecordSink;
  readonly code: HandlerCode;
  readonly application?: 'existing' | 'create';
  readonly name?: string;
  readonly ingress?: keyof typeof INGRESS;
  readonly registrars?: readonly string[];
  readonly instanceClass?: keyof typeof MEMORY;
  readonly serviceAccount?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of an entry, checked, with their defaults.
 * @throws SettingError
 */
export function entrySettings(scope: IConstruct, props: RawSettings) {
  const { code, application = 'existing', ingress = 'internal-and-load-balancer', instanceClass = 'F2', registrars = [] } = props;
  const { name = application === 'create' ? 'default' : 'entry', serviceAccount, notify = [] } = props;
  const { tokenSeconds = 3600, keySeconds = 60, concurrency = 80, maxInstances = 10, silenceMinutes = 60 } = props;
  // The names of the neighbours, by which the handler reads its settings.
  requireFit(scope, { code, source: { format: 'device-https' }, stores: { EVENTS: props.sink, REGISTRY: props.sink } });
  requireOneOf(scope, { application }, ['existing', 'create'], 'A project has one application.');
  requireText(scope, { name }, ACCOUNT_NAME);
  if (application === 'create' && name !== 'default') {
    const remedy = 'Leave name out, or set application to existing.';
    throw new SettingError(scope, 'name must be default for the first service of an application', `"${name}"`, remedy);
  }
  requireOneOf(scope, { ingress }, Object.keys(INGRESS), 'App Engine knows no other.');
  requireOneOf(scope, { instanceClass }, Object.keys(MEMORY), 'Others have too little memory, or no automatic scaling.');
  const numbers = { tokenSeconds, keySeconds, concurrency, maxInstances };
  for (const [setting, value] of Object.entries(numbers)) {
    requireNumber(scope, { [setting]: value }, NUMBERS[setting as keyof typeof numbers]);
  }
  requireNumber(scope, { silenceMinutes }, NUMBERS.silenceMinutes, 'known');
  requireTexts(scope, { registrars }, MEMBERS);
  if (serviceAccount !== undefined) requireText(scope, { serviceAccount }, EMAIL);
  requireTexts(scope, { notify }, CHANNELS);
  return { application, name, ingress, instanceClass, ...numbers, silenceMinutes, registrars, notify };
}
