import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RefusedError } from '../platform';
import type { Cloud } from '../state';
import { Terraform, type TerraformResource } from './terraform';

/** The values of attributes that a provider makes of others, by their names. They may be templates, or not known. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** What a provider computes, by the type of resource. `own` is the resource in an expression: `${own.name}` is its name. */
export type ComputedByType = Readonly<Record<string, (resource: TerraformResource) => Attributes>>;

/** A Terraform template, and the values that are known only while it runs. */
export interface OpenTerraform {
  readonly terraform: Terraform;
  /** What stand-ins are called and where they are, by resource and attribute: `azurerm_storage_account.Lake.primary_blob_endpoint`. */
  readonly known: Map<string, string>;
}

/**
 * Read a template, with what `<cloud>/<service>/computed.ts` says of its attributes.
 * @param variables what is answered to its variables, as far as it has them
 * @throws RefusedError when it cannot be read
 */
export async function openTerraform(cloud: Cloud, folder: string, variables: Readonly<Record<string, string>>): Promise<OpenTerraform> {
  const file = path.join(folder, 'cdk.tf.json');
  if (!existsSync(file)) throw new RefusedError(file, `it does not exist. Synthesize first: npm start -- ${cloud}.`);
  const { variable = {} } = JSON.parse(readFileSync(file, 'utf8'));
  const answers = Object.fromEntries(Object.entries(variables).filter(([name]) => Object.hasOwn(variable, name)));
  const known = new Map<string, string>();
  const computed = computedOf(cloud);
  const terraform: Terraform = await Terraform.read(folder, answers, (resource, attribute) => {
    const value = known.get(`${resource.path}.${attribute}`) ?? computed[resource.type]?.(resource)[attribute];
    return value === undefined ? undefined : terraform.evaluate(value, resource.path);
  });
  return { terraform, known };
}

function computedOf(cloud: Cloud): ComputedByType {
  const home = path.join(__dirname, '..', cloud);
  const files = readdirSync(home).map((name) => path.join(home, name, 'computed.ts'));
  return Object.assign({}, ...files.filter(existsSync).map((file) => (require(file) as { COMPUTED: ComputedByType }).COMPUTED));
}
