import { factsFor } from '../../shared/read/terraform';
import type { Finding, Judge } from './judge';
import { readModel } from './terraform/model';
import { names } from './terraform/names';
import { apis, grants } from './terraform/order';
import { cycles, references, variables } from './terraform/references';
import { providers, settings } from './terraform/settings';
import { blocksOf, type TerraformStack, terraformStacks } from './terraform/stack';

/** Everything of a stack that `terraform validate` or the first apply would refuse, as far as it can be known here. */
export async function findReferences(stack: TerraformStack): Promise<Finding[]> {
  const model = await readModel(stack.json);
  const facts = factsFor(stack.json);
  const held = [references, cycles, variables, settings, providers, apis, grants].flatMap((rule) => rule(model, facts));
  return [...model.unreadable, ...held, ...(await names(stack))];
}

/** What can be held of a stack where there is neither Terraform nor a provider. */
export const terraformReferences: Judge = {
  name: 'Terraform without providers',
  proves: 'each setting and each reference exists, there are no cycles, names are valid, APIs and permissions are created first',
  blueprintsOf: ['azure', 'gcp'],
  run: () =>
    Promise.all(
      terraformStacks().map(async (stack) => ({
        subject: stack.name,
        looked: `${blocksOf(stack.json).length} resources and data sources`,
        findings: await findReferences(stack),
      })),
    ),
};
