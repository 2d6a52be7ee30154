import type { IConstruct } from 'constructs';
import { requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

/** App settings that come from bindings, that the host needs to start, or that Flex Consumption refuses. */
const RESERVED = new RegExp(
  `^(${[
    'AzureWebJobsStorage|DEPLOYMENT_STORAGE_|FUNCTIONS_|WEBSITE_|APPLICATIONINSIGHTS_|AZURE_CLIENT_ID$|EVENTS_|DEAD_LETTER_|HOST_',
    // What decides how often a message is delivered, and how long it stays hidden.
    'AzureFunctionsJobHost__extensions__eventHubs__(max|min)(EventBatchSize|WaitTime)$',
    'AzureFunctionsJobHost__extensions__serviceBus__(autoComplete|max|prefetch)',
    'AzureFunctionsJobHost__extensions__queues__',
  ].join('|')})`,
  'i',
);

export const SUBNET_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i,
  must: 'be the id of a subnet',
  remedy: 'Find it with az network vnet subnet show.',
};
const GROUP: TextRule = {
  pattern: /^(http|durable|blob|function:[\w-]{1,128})$/,
  must: 'have the names of groups',
  remedy: 'A group is http, durable, blob, or function:process for the function process.',
};
const VALUE: TextRule = {
  pattern: /^(?!@Microsoft\.KeyVault)[\s\S]{0,5000}$/,
  must: 'be texts of up to 5000 characters, and no Key Vault references',
  remedy: 'The provider cannot set the identity for Key Vault references on Flex Consumption. Let the code read the Key Vault.',
};

/** @throws SettingError if an app setting is reserved, or if Flex Consumption does not accept it */
export function requireAppSettings(scope: IConstruct, appSettings: Readonly<Record<string, string>>, stores: readonly string[]) {
  for (const [name, value] of entriesOf(scope, { appSettings })) {
    const store = stores.find((one) => name.toLowerCase().startsWith(`${one.toLowerCase()}_`));
    if (!/^\w+$/.test(name) || RESERVED.test(name) || store !== undefined)
      throw new SettingError(
        scope,
        'appSettings must have names of letters, digits and underscores that are not reserved',
        JSON.stringify(name.slice(0, 100)),
        'The app sets it itself, or Flex Consumption does not accept it. Take another name.',
      );
    requireText(scope, { [`appSettings.${name}`]: value as string }, VALUE);
  }
}

/** @throws SettingError if a group does not exist on Flex Consumption, or if a number is out of range */
export function requireAlwaysReady(scope: IConstruct, alwaysReady: Readonly<Record<string, number>>, maxInstances: number) {
  const rule = { from: 1, to: maxInstances, unit: 'instances', remedy: 'maxInstances is the limit. Leave a group out for no instances.' };
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
