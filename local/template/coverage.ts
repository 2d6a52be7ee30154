import type { Body } from '../../shared/read/stack';
import { factsFor } from '../../shared/read/terraform';
import type { TerraformJson } from '../../shared/read/tf';
import { type AllowList, type Coverage, type CoverageRow, classify, isEmulated, type Treatments, UNKNOWN } from '../coverage';
import type { Template } from './cloudformation';
import type { Terraform, TerraformResource } from './terraform';

type Values = Readonly<Record<string, unknown>>;
const NOTHING = 'no effect here';

/** The resources of a type of which nothing is known. */
function unlisted(type: string, resource: string): CoverageRow {
  return { type, resource, property: '', treatment: 'not run here', why: 'local/ has no emulator for it' };
}

/** What stands beside the properties of a resource. A condition is missing: whether it holds would have to be known. */
const ATTRIBUTES: Treatments = { DeletionPolicy: NOTHING, DependsOn: NOTHING, Metadata: NOTHING, UpdateReplacePolicy: NOTHING };

/** What stands beside the resources. */
const SECTIONS: Treatments = {
  AWSTemplateFormatVersion: NOTHING,
  Description: NOTHING,
  Metadata: NOTHING,
  Outputs: NOTHING,
  Parameters: 'emulated',
  Rules: NOTHING,
};

/** Say of every section, resource and property of a CloudFormation template what this runner does with it. */
export function cloudFormationCoverage(stack: string, { Resources = {}, ...sections }: Template, list: AllowList): Coverage {
  const around = classify({ template: SECTIONS }, 'template', stack, sections).slice(1);
  const resources = Object.entries(Resources).flatMap(([id, { Type, Properties = {}, ...attributes }]) => {
    if (!Object.hasOwn(list, Type)) return [unlisted(Type, id)];
    return [...classify(list, Type, id, Properties), ...classify({ [Type]: ATTRIBUTES }, Type, id, attributes).slice(1)];
  });
  return [...around, ...resources];
}

/** What Terraform itself reads of a resource. */
const META: Treatments = {
  depends_on: NOTHING,
  provider: NOTHING,
  'lifecycle.ignore_changes': NOTHING,
  'lifecycle.postcondition': NOTHING,
  'lifecycle.prevent_destroy': NOTHING,
  'lifecycle.replace_triggered_by': NOTHING,
};
const REPEATED: Treatments = { ...META, for_each: NOTHING, count: NOTHING };

/** The sections beside the resources. Of a provider, nothing but the resources counts here. */
const TERRAFORM_SECTIONS: AllowList = {
  variable: {
    default: 'emulated',
    'validation.condition': 'emulated',
    'validation.error_message': 'emulated',
    description: NOTHING,
    nullable: NOTHING,
    type: NOTHING,
  },
  terraform: { backend: NOTHING, required_providers: NOTHING, required_version: NOTHING },
  output: NOTHING,
  moved: NOTHING,
};

/**
 * Say of every section, resource and property of a Terraform template what this runner does with it.
 * @param providers the providers that it may have
 */
export function terraformCoverage(terraform: Terraform, list: AllowList, providers: readonly string[]): Coverage {
  const {
    resource: _,
    data: __,
    variable = {},
    provider = {},
    terraform: own = {},
    output = {},
    moved = [],
    '//': ___,
    ...others
  } = terraform.json;
  const facts = factsFor(terraform.json as TerraformJson);
  const refused = (type: string): CoverageRow => ({ type, resource: '', property: '', treatment: 'refused', why: UNKNOWN });
  const bodies = (type: string, section: unknown) =>
    Object.entries(section as Values).flatMap(([name, body]) => classify(TERRAFORM_SECTIONS, type, name, body as Values));
  return [
    ...terraform.resources().flatMap((resource) => {
      const kind = facts.typeOf({ type: resource.type, body: resource.properties as Body });
      return resourceRows(list, kind, resource);
    }),
    ...bodies('variable', variable),
    ...Object.keys(provider as Values).map((name): CoverageRow => {
      const type = `provider.${name}`;
      return providers.includes(name) ? { type, resource: '', property: '', treatment: NOTHING } : refused(type);
    }),
    ...classify(TERRAFORM_SECTIONS, 'terraform', 'terraform', own as Values),
    ...bodies('output', output),
    ...bodies('moved', moved),
    ...Object.keys(others).map(refused),
  ];
}

function resourceRows(list: AllowList, kind: string, { type, name, properties, meta }: TerraformResource): CoverageRow[] {
  if (!Object.hasOwn(list, kind)) return [unlisted(type, name)];
  const treatments = list[kind];
  const known = isEmulated(treatments) ? { ...META, ...treatments } : REPEATED;
  return [...classify(list, kind, name, properties), ...classify({ [kind]: known }, kind, name, meta).slice(1)];
}
