import type { IConstruct } from 'constructs';
import { requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

/** What the app gets from what it is bound to, what starts its host, and what Flex Consumption refuses. */
const OWN =
  /^(AzureWebJobsStorage|DEPLOYMENT_STORAGE_|FUNCTIONS_|WEBSITE_|APPLICATIONINSIGHTS_|AZURE_CLIENT_ID$|EVENTS_|DEAD_LETTER_|HOST_|AzureFunctionsJobHost__extensions__eventHubs__(max|min)(EventBatchSize|WaitTime)$)/i;

export const SUBNET_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i,
  must: 'be the id of a subnet',
  remedy: 'See az network vnet subnet show.',
};
const GROUP: TextRule = {
  pattern: /^(http|durable|blob|function:[\w-]{1,128})$/,
  must: 'be by groups',
  remedy: 'A group is function:process for the function of that name, http, durable or blob.',
};
const VALUE: TextRule = {
  pattern: /^(?!@Microsoft\.KeyVault)[\s\S]{0,5000}$/,
  must: 'be texts that Azure hands over as they stand',
  remedy: 'For Flex Consumption the provider cannot say as whom a Key Vault is asked: let the code ask it.',
};

/** @throws SettingError on application settings that the app has for itself, or that Flex Consumption does not take */
export function requireAppSettings(scope: IConstruct, appSettings: Readonly<Record<string, string>>, stores: readonly string[]) {
  for (const [name, value] of entriesOf(scope, { appSettings })) {
    const store = stores.find((one) => name.toLowerCase().startsWith(`${one.toLowerCase()}_`));
    if (!/^\w+$/.test(name) || OWN.test(name) || store !== undefined)
      throw new SettingError(
        scope,
        'appSettings must be by names of your own, in letters, digits and underscores',
        JSON.stringify(name.slice(0, 100)),
        'The app has such a setting for itself, or does not take it.',
      );
    requireText(scope, { [`appSettings.${name}`]: value as string }, VALUE);
  }
}

/** @throws SettingError on instances of what Flex Consumption knows no group of, and on numbers that it does not take */
export function requireAlwaysReady(scope: IConstruct, alwaysReady: Readonly<Record<string, number>>, maxInstances: number) {
  const rule = { from: 1, to: maxInstances, unit: 'instances', remedy: 'No more are ready than may run. Leave a group out to have none.' };
  for (const [group, instances] of entriesOf(scope, { alwaysReady })) {
    requireText(scope, { alwaysReady: group }, GROUP);
    requireNumber(scope, { [`alwaysReady["${group}"]`]: instances as number }, rule);
  }
}

function entriesOf(scope: IConstruct, setting: Readonly<Record<string, unknown>>): [string, unknown][] {
  const [[name, given]] = Object.entries(setting) as [[string, unknown]];
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return Object.entries(given);
  throw new SettingError(
    scope,
    `${name} must be an object`,
    typeof given === 'string' ? JSON.stringify(given.slice(0, 100)) : typeof given,
    'Write it like { NAME: value }.',
  );
}
