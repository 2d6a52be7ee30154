import { Terraform } from '../../../local/template/terraform';
import { unknownType } from '../../../shared/read/facts/find';
import { factsFor } from '../../../shared/read/terraform';
import type { Finding } from '../judge';
import { ANSWERS } from './answers';
import { blocksOf, type TerraformStack } from './stack';

/** Each name is one that its service takes, with the shortest and with the longest answers, and no longer answer is taken. */
export async function names(stack: TerraformStack): Promise<Finding[]> {
  const asked = Object.keys(stack.json.variable ?? {}).filter((variable) => variable in ANSWERS);
  const answers = (which: 0 | 1) => Object.fromEntries(asked.map((variable) => [variable, ANSWERS[variable]![which]]));
  const unbounded = asked
    .filter((variable) => variable === 'prefix' || variable === 'project_id')
    .map(async (variable): Promise<Finding[]> => {
      const longer = { ...answers(1), [variable]: `${ANSWERS[variable]![1]}x` };
      const refused = await read(stack, longer).then(
        () => false,
        () => true,
      );
      return refused ? [] : [{ rule: 'name', where: `var.${variable}`, what: 'It may be longer than names can take.' }];
    });
  const found = await Promise.all([...[answers(0), answers(1)].map((given) => faultsWith(stack, given)), ...unbounded]);
  return [...new Map(found.flat().map((finding) => [`${finding.where} ${finding.what}`, finding])).values()];
}

async function faultsWith(stack: TerraformStack, given: Readonly<Record<string, string>>): Promise<Finding[]> {
  const facts = factsFor(stack.json);
  try {
    const terraform = await read(stack, given);
    const found = blocksOf(stack.json).map(async ({ address, type, body }): Promise<Finding[]> => {
      const known = facts.type({ type, body });
      const [attribute, rule] = known?.named ?? ['name', undefined];
      const name = body[attribute];
      if (name === undefined || known?.role === 'grants') return [];
      if (!rule)
        return [
          {
            rule: 'name',
            where: address,
            what: known ? `${known.folder}/facts.ts must say which names ${type} takes.` : unknownType(type),
          },
        ];
      const worth = String(await terraform.evaluate(name, `${address}.${attribute}`));
      return rule.test(worth) ? [] : [{ rule: 'name', where: address, what: `${attribute}: "${worth}" is no name for a ${type}.` }];
    });
    return (await Promise.all(found)).flat();
  } catch (error) {
    return [{ rule: 'name', where: stack.name, what: (error as Error).message }];
  }
}

/** @throws Error when a variable refuses its answer */
function read({ folder }: TerraformStack, given: Readonly<Record<string, string>>): Promise<Terraform> {
  return Terraform.read(folder, given, ({ type }, attribute) =>
    type === 'data.azurerm_client_config' && attribute === 'subscription_id' ? '00000000-0000-0000-0000-000000000000' : undefined,
  );
}
