import { readFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { RefusedError } from '../../platform';
import { Resource, theOnly } from '../../template/resource';
import type { Terraform } from '../../template/terraform';

const APP = 'azurerm_function_app_flex_consumption';

/** The settings of the function app in the template. */
export interface AppSettings {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  /** The client ids of its identities. */
  readonly clientIds: readonly string[];
}

export async function readApp(terraform: Terraform): Promise<AppSettings> {
  const app = theOnly(await Resource.all(terraform, APP), APP);
  const attached = (app.optional('identity.identity_ids') ?? []) as readonly unknown[];
  const identities = await Promise.all(
    terraform.resources('azurerm_user_assigned_identity').map(async ({ path: at }) => ({
      id: await terraform.evaluate(`\${${at}.id}`, at),
      clientId: String(await terraform.evaluate(`\${${at}.client_id}`, at)),
    })),
  );
  const settings = Object.entries((app.optional('app_settings') ?? {}) as Readonly<Record<string, unknown>>);
  return {
    name: app.text('name'),
    settings: Object.fromEntries(settings.map(([key, setting]) => [key, String(setting)])),
    memoryMiB: app.number('instance_memory_in_mb'),
    clientIds: identities.filter(({ id }) => attached.includes(id)).map(({ clientId }) => clientId),
  };
}

/**
 * The files of the package that the template publishes, and the app settings before evaluation.
 * @param folder the folder of the stack
 * @throws RefusedError if no command publishes the package
 */
export async function readPackage(terraform: Terraform, folder: string) {
  const app = theOnly(terraform.resources(APP), APP);
  const commands = terraform.resources('terraform_data').map((one) => {
    const [provisioner] = [one.meta.provisioner].flat() as { 'local-exec'?: { command: string; environment: unknown } }[];
    return { ...one, ...provisioner?.['local-exec'] };
  });
  const published = commands.filter(({ command }) => command?.includes(' config-zip '));
  if (published.length === 0)
    throw new RefusedError(app.path, 'no command in the template publishes its code. Set publish of the processor to az.');
  const settles = commands.find(({ command }) => command?.includes(' appsettings delete '));
  const changed = [(settles?.meta.lifecycle as { replace_triggered_by?: unknown } | undefined)?.replace_triggered_by].flat();
  if (!changed.includes(app.path))
    throw new RefusedError(
      app.path,
      'no command deletes the connection string that the provider writes at each change: its host does not start',
    );
  const publish = theOnly(published, 'terraform_data');
  const at = `${publish.path}.provisioner`;
  const { command = '', environment } = publish;
  const places = (await terraform.evaluate(environment ?? {}, `${at}.environment`)) as Record<string, string>;
  const argument = (flag: string) => places[new RegExp(`${flag} "\\$(\\w+)"`).exec(command)?.[1] ?? ''];
  const zip = argument('--src');
  if (!zip) throw new RefusedError(at, 'its command has no package');
  if (argument('--name') !== (await terraform.evaluate(app.properties.name, app.path)))
    throw new RefusedError(at, 'it publishes to another app');
  const files = unzipSync(readFileSync(path.join(folder, zip)));
  const host = files['host.json'];
  if (!host) throw new RefusedError('the package', 'it has no host.json');
  return { files, host: Buffer.from(host), settings: (app.properties.app_settings ?? {}) as Readonly<Record<string, unknown>> };
}
