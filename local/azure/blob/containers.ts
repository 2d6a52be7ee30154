import { RefusedError } from '../../platform';
import { Resource } from '../../template/resource';
import type { Terraform } from '../../template/terraform';
import type { ContainerName } from './blob-storage';

/** The settings of Blob Storage in the template. */
export interface BlobSettings {
  /** The names of the storage accounts, by resource. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly containers: readonly ContainerName[];
}

/** @throws RefusedError if a container is in no account of the template */
export async function readContainers(terraform: Terraform): Promise<BlobSettings> {
  const accounts = await Resource.all(terraform, 'azurerm_storage_account');
  const names = await Promise.all(
    accounts.map(async ({ path }, index) => [await terraform.evaluate(`\${${path}.id}`, path), accounts[index]!.text('name')] as const),
  );
  const byId = new Map(names);
  const containers = await Resource.all(terraform, 'azurerm_storage_container');
  return {
    accounts: new Map(accounts.map((account) => [account.path, account.text('name')])),
    containers: containers.map((one) => {
      const account = byId.get(one.text('storage_account_id'));
      if (account === undefined) throw new RefusedError(`${one.path}.storage_account_id`, 'it is not an account of this template');
      return { account, container: one.text('name') };
    }),
  };
}

/**
 * The container in the command of an output.
 * @throws RefusedError if the command has no container of the template
 */
export async function shownBy(terraform: Terraform, output: string, containers: readonly ContainerName[]): Promise<ContainerName> {
  const { account, container } = shownPlace(await commandOf(terraform, output));
  const found = containers.find((one) => one.account === account && one.container === container);
  if (!found) throw new RefusedError(`output.${output}`, 'its command has no container of this template');
  return found;
}

/** The command of an output, or an empty text. */
export async function commandOf(terraform: Terraform, output: string): Promise<string> {
  const outputs = (terraform.json.output ?? {}) as Record<string, { value: unknown }>;
  return String(await terraform.evaluate(outputs[output]?.value ?? '', `output.${output}`));
}

/** The account, and the container or the table, that a command shows. */
export function shownPlace(command: string): { readonly account?: string; readonly container?: string; readonly table?: string } {
  const argument = (name: string) => new RegExp(`--${name} (\\S+)`).exec(command)?.[1];
  return { account: argument('account-name'), container: argument('container-name'), table: argument('table-name') };
}
