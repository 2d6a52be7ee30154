import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import {
  KMS_KEY,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
  STORE_NAME,
  type TextRule,
} from '../../../shared/synth/settings';
import { NETWORK } from '../../foundation/network';
import type { TableStore } from '../../ports/stores';

/** What is bought. Each is paid by the year. `NONPROD` editions are for tests, beside a production instance. */
export const EDITIONS = ['STANDARD', 'ENTERPRISE', 'EMBED', 'NONPROD_STANDARD', 'NONPROD_ENTERPRISE', 'NONPROD_EMBED'] as const;
export type Edition = (typeof EDITIONS)[number];
export const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'It is a part of the name of the instance.',
};
/** The id of an OAuth client of Google. */
export const CLIENT_ID: TextRule = {
  pattern: /^[0-9]+-[a-z0-9]+[.]apps[.]googleusercontent[.]com$/,
  must: 'be the id of an OAuth client',
  remedy: 'Create a client of the type Web application in the console of Google Cloud.',
};
/** The secret of an OAuth client of Google. */
export const CLIENT_SECRET: TextRule = {
  pattern: /^[A-Za-z0-9_-]{8,100}$/,
  must: 'be the secret of an OAuth client',
  remedy: 'Give it by a sensitive variable, and not in a file.',
};
/** A domain of email addresses. */
export const DOMAIN: TextRule = {
  pattern: /^([a-z0-9](-?[a-z0-9])*[.])+[a-z]{2,}$/,
  must: 'be domains of email addresses',
  remedy: "Write them like ['example.com'].",
};
const VPC: TextRule = { ...NETWORK, must: 'be the id of a network', remedy: 'Find it with gcloud compute networks describe.' };

/** When Google updates an instance, once a month. Nobody can use it meanwhile. */
export interface MaintenanceWindow {
  /** The day of the week, in UTC. */
  readonly day: (typeof DAYS)[number];
  /** The hour in UTC, from 0 to 23. */
  readonly hour: number;
}

/** The client with which people sign in. */
export interface OauthClient {
  /** Its id. It ends with `.apps.googleusercontent.com`. */
  readonly clientId: string;
  /** Its secret. It is in the state of Terraform in clear text. */
  readonly clientSecret: string;
}

interface RawSettings {
  readonly views: Readonly<Record<string, Pick<TableStore, 'bindReader'>>>;
  readonly edition: Edition;
  readonly oauthClient: OauthClient;
  readonly emailDomains: readonly string[];
  readonly name?: string;
  readonly maintenanceWindow?: MaintenanceWindow;
  readonly network?: string;
  readonly encryptionKey?: string;
}

/**
 * The settings of an instance, checked, with their defaults.
 * @throws SettingError
 */
export function lookerSettings(scope: IConstruct, props: RawSettings) {
  const { edition, oauthClient, emailDomains, network, encryptionKey, name = 'looker' } = props;
  const { maintenanceWindow = { day: 'SUNDAY', hour: 3 } } = props;
  requireViews(scope, props.views);
  requireOneOf(scope, { edition }, EDITIONS, 'Google sells no other, and a trial ends with all that is in it.');
  requireClient(scope, oauthClient);
  requireTexts(scope, { emailDomains }, DOMAIN);
  if (emailDomains.length === 0) {
    throw new SettingError(scope, 'emailDomains must be domains of email addresses', 'none', DOMAIN.remedy);
  }
  requireText(scope, { name }, NAME);
  requireWindow(scope, maintenanceWindow);
  if (network !== undefined) requireText(scope, { network }, VPC);
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  for (const [setting, value] of Object.entries({ network, encryptionKey })) {
    if (value === undefined || !edition.endsWith('STANDARD')) continue;
    throw new SettingError(
      scope,
      `${setting} must be left out with edition ${edition}`,
      `"${value}"`,
      'It takes edition ENTERPRISE or EMBED.',
    );
  }
  return { name, maintenanceWindow };
}

function requireViews(scope: IConstruct, views: RawSettings['views']) {
  if (typeof views !== 'object' || views === null || Array.isArray(views) || Object.keys(views).length === 0) {
    throw new SettingError(scope, 'views must be views by name', 'none', 'Write them like { EVENTS: view }, with a SharedView.');
  }
  requireTexts(scope, { views: Object.keys(views) }, STORE_NAME);
  requireEachOnce(scope, 'views', views);
}

function requireClient(scope: IConstruct, client: OauthClient) {
  if (typeof client !== 'object' || client === null) {
    throw new SettingError(scope, 'oauthClient must be an object', typeof client, 'Write it like { clientId: ..., clientSecret: ... }.');
  }
  requireText(scope, { 'oauthClient.clientId': client.clientId }, CLIENT_ID);
  // The message of any other check would have the secret in it.
  if (typeof client.clientSecret === 'string' && (client.clientSecret.includes('${') || CLIENT_SECRET.pattern.test(client.clientSecret)))
    return;
  throw new SettingError(scope, `oauthClient.clientSecret must ${CLIENT_SECRET.must}`, typeof client.clientSecret, CLIENT_SECRET.remedy);
}

function requireWindow(scope: IConstruct, window: MaintenanceWindow) {
  if (typeof window !== 'object' || window === null) {
    throw new SettingError(scope, 'maintenanceWindow must be an object', typeof window, "Write it like { day: 'SUNDAY', hour: 3 }.");
  }
  requireOneOf(scope, { 'maintenanceWindow.day': window.day }, DAYS, 'Write it like SUNDAY.');
  requireNumber(scope, { 'maintenanceWindow.hour': window.hour }, { from: 0, to: 23, unit: 'hours', remedy: 'It is in UTC.' });
}
