import { RefusedError } from '../../platform';
import type { AppSettings } from './app-settings';

/**
 * The host storage account in the app settings, and the identity that has access to it.
 * @throws RefusedError if the template does not have them
 */
export function hostStorage(app: AppSettings, accounts: readonly string[]): { readonly account: string; readonly clientId: string } {
  const setting = (name: string) => app.settings[`AzureWebJobsStorage${name}`] ?? '';
  const refuse = (name: string, why: string) => new RefusedError(`app_settings.AzureWebJobsStorage${name}`, why);
  const [account, credential, clientId] = [setting('__accountName'), setting('__credential'), setting('__clientId')];
  if ('AzureWebJobsStorage' in app.settings)
    throw refuse('', 'a connection string is not emulated, only an identity. With an empty one, the host does not start');
  if (!accounts.includes(account)) throw refuse('__accountName', `${account} is not an account of this template`);
  if (credential !== 'managedidentity') throw refuse('__credential', 'only managedidentity is emulated');
  if (!app.clientIds.includes(clientId)) throw refuse('__clientId', `the app has no identity with the client id ${clientId}`);
  return { account, clientId };
}
