import { type Facts, factsOf } from './facts/find';
import { byIdentity, type Granted, type Picture } from './picture';
import { pictureOf } from './read';
import { Resources, type TerraformJson, type TfAsked, TfStack } from './tf';
import { type Grant, grantsOf } from './tf-grants';

export type { TerraformJson };

/** The variables without a default. */
export function required({ variable = {} }: TerraformJson): string[] {
  return Object.keys(variable).filter((name) => variable[name]!.default === undefined);
}

/**
 * Read a stack that CDKTF made.
 * @throws Error if a resource type has no facts, with the file to add them to
 */
export function readTerraform(json: TerraformJson): Picture {
  const stack = new TfStack(json);
  const facts = factsFor(json);
  const access = grantsOf(stack, facts).map((grant) => shown(grant, stack, facts));
  return pictureOf(stack, facts, access.sort(byIdentity));
}

/** The facts of the cloud that a stack is for. */
export function factsFor({ resource = {} }: TerraformJson): Facts {
  return factsOf(Object.keys(resource).some((type) => type.startsWith('azurerm_')) ? 'azure' : 'gcp');
}

/** A permission in readable form. */
function shown({ holder, role, on, condition }: Grant, stack: TfStack, facts: Facts): Granted {
  const identity = stack.get(holder);
  return {
    holder,
    identity: identity ? holderName(identity, facts) : holder,
    may: role,
    on: stack.get(on)?.name ?? new Resources(stack.json).name(on),
    only: condition?.title ?? '',
  };
}

/** An identity of one stage has the name of the stage. */
function holderName(holder: TfAsked, facts: Facts): string {
  return facts.type(holder)?.calledByStage ? holder.stage : holder.name;
}
