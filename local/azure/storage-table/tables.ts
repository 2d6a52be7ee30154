import { RefusedError } from '../../platform';
import { Resource } from '../../template/resource';
import type { Terraform } from '../../template/terraform';

const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';

/** A table, with its storage account. */
export interface TableName {
  readonly account: string;
  readonly table: string;
}

/** The tables of the template. */
export interface TableSettings {
  /** The names of the storage accounts that have tables, by resource. */
  readonly accounts: ReadonlyMap<string, string>;
  readonly tables: readonly TableName[];
}

/** @throws RefusedError if a deployment creates anything but a table in an account of the template */
export async function readTables(terraform: Terraform): Promise<TableSettings> {
  const accounts = await Resource.all(terraform, 'azurerm_storage_account');
  const used = new Map<string, string>();
  const deployments = await Resource.all(terraform, 'azurerm_resource_group_template_deployment');
  const tables = deployments.map((one): TableName => {
    const at = `${one.path}.template_content`;
    const { resources } = JSON.parse(one.text('template_content')) as { resources: readonly { type: string; name: string }[] };
    const [{ type, name } = { type: '', name: '' }, ...others] = resources;
    const [, holder, table] = /^(\w+)\/default\/(\w+)$/.exec(name) ?? [];
    if (type !== TABLES || others.length > 0 || !table) throw new RefusedError(at, 'only a template of one table is emulated');
    const account = accounts.find((known) => known.text('name') === holder);
    if (!account) throw new RefusedError(at, `${holder} is not an account of this template`);
    used.set(account.path, account.text('name'));
    return { account: account.text('name'), table };
  });
  return { accounts: used, tables };
}
