import { AzurermBackend, GcsBackend, LocalBackend, S3Backend, type TerraformBackend, type TerraformStack } from 'cdktf';
import { SettingError } from './settings';

/**
 * An existing bucket, or an existing container of a storage account, that holds the state. Everyone who runs `terraform apply`
 * needs permission to read and write in it. The state of each stack is stored under the id of the stack.
 */
export type RemoteState =
  | { readonly gcs: { readonly bucket: string } }
  | { readonly azurerm: { readonly resourceGroupName: string; readonly storageAccountName: string; readonly containerName: string } }
  | { readonly s3: { readonly bucket: string; readonly region: string } };

/** Where Terraform keeps the state of a stack: in an existing bucket or container, or in a backend of your own. */
export type Backend = RemoteState | ((stack: TerraformStack) => TerraformBackend);

const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  gcs: ['bucket'],
  azurerm: ['resourceGroupName', 'storageAccountName', 'containerName'],
  s3: ['bucket', 'region'],
};

/**
 * Set where the state of a stack is kept: remotely, with a lock during apply, or else in a file next to CDKTF's output folder.
 * @throws SettingError if a setting of the backend is missing
 * @see https://developer.hashicorp.com/terraform/language/backend
 */
export function keepState(stack: TerraformStack, backend?: Backend) {
  stack.addOverride('terraform.required_version', '>= 1.5.0');
  const { id } = stack.node;
  if (typeof backend === 'function') backend(stack);
  // Relative, so that every machine synthesizes the same bytes: it leads out of cdktf.out, which may be deleted.
  else if (backend === undefined)
    new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate`, workspaceDir: `../../../terraform.${id}.workspaces` });
  else keepRemotely(stack, checked(stack, backend), id);
}

function checked(stack: TerraformStack, backend: RemoteState): RemoteState {
  const [[kind, settings] = ['', {}], ...others] = Object.entries<Readonly<Record<string, unknown>>>(Object(backend));
  const isText = (name: string) => typeof settings?.[name] === 'string' && settings[name] !== '';
  if (SETTINGS[kind]?.every(isText) && others.length === 0) return backend;
  const forms = Object.entries(SETTINGS).map(([name, all]) => `${name}: { ${all.join(', ')} }`);
  throw new SettingError(
    stack,
    `backend must be one of ${forms.join(', ')}, each a text`,
    JSON.stringify(backend),
    'Leave it out to keep the state in a file.',
  );
}

function keepRemotely(stack: TerraformStack, backend: RemoteState, id: string) {
  if ('gcs' in backend) new GcsBackend(stack, { ...backend.gcs, prefix: id });
  else if ('azurerm' in backend) new AzurermBackend(stack, { ...backend.azurerm, key: `${id}.tfstate`, useAzureadAuth: true });
  else {
    new S3Backend(stack, { ...backend.s3, key: `${id}.tfstate`, encrypt: true });
    // Lock the state with a file next to it, which Terraform supports from 1.10 on. CDKTF does not have this setting.
    stack.addOverride('terraform.backend.s3.use_lockfile', true);
    stack.addOverride('terraform.required_version', '>= 1.10.0');
  }
}
