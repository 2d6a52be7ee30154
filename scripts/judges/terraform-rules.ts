import type { Judge } from './judge';
import { ALERTS } from './terraform/alert-rules';
import { DATA } from './terraform/data-rules';
import { GCP } from './terraform/gcp-rules';
import { readModel } from './terraform/model';
import { hold } from './terraform/rule';
import { type TerraformJson, terraformStacks } from './terraform/stack';

/** How often a rule of this project concerns a resource of a stack, and what breaks it. */
export async function holdRules(json: TerraformJson) {
  return hold([...GCP, ...DATA, ...ALERTS], await readModel(json));
}

/** The rules of this project for what no scanner knows. */
export const terraformRules: Judge = {
  name: 'rules for Terraform',
  proves: 'no keys, no open doors, bounded retries, kept data, narrow roles, alerts, also where no scanner knows the resource',
  run: () =>
    Promise.all(
      terraformStacks().map(async ({ name, json }) => {
        const { held, findings } = await holdRules(json);
        return { subject: name, looked: `${held} rules held against resources`, findings };
      }),
    ),
};
