import type { CfnTemplate } from '../../shared/read/cfn';
import type { Draft, Edit, Holder, Json } from '../../shared/read/facts/weaken';
import type { Asked } from '../../shared/read/stack';
import type { TerraformJson } from '../judges/terraform/stack';

/** A way to make a template worse. */
export interface Weakening {
  /** What is worse, in a few words. */
  readonly name: string;
  /** What people call the type of what is weakened: `bucket`. */
  readonly of: string;
  /** The folder of the service that knows it. */
  readonly folder: string;
  readonly resource: Asked;
  readonly edit: Edit;
}

/** Change a copy of a CloudFormation template. */
export function changedTemplate(template: CfnTemplate, change: (draft: Draft) => void): CfnTemplate {
  const copy = structuredClone(template.Resources) as unknown as Record<string, Holder & { Type: string }>;
  const resources = new Map(Object.entries(copy).map(([id, body]) => [id, { type: body.Type, body: body as Holder }]));
  change({
    resources,
    id: finder(resources),
    reference: (id, attribute): Json => (attribute ? { 'Fn::GetAtt': [id, attribute] } : { Ref: id }),
  });
  const changed = [...resources].map(([id, { type, body }]) => [id, { ...body, Type: type }] as const);
  return { ...template, Resources: Object.fromEntries(changed) as unknown as CfnTemplate['Resources'] };
}

/** Change a copy of a stack of Terraform. Variables are changed as if they were resources: `variable.prefix`. */
export function changedStack(json: TerraformJson, change: (draft: Draft) => void): TerraformJson {
  const { resource = {}, variable = {} } = structuredClone(json);
  const sections = Object.entries({ ...resource, variable });
  const resources = new Map(
    sections.flatMap(([type, named]) =>
      Object.entries(named).map(([name, body]) => [`${type}.${name}`, { type, body: body as Holder }] as const),
    ),
  );
  const reference = (id: string, attribute = 'id'): Json => `\${${id}.${attribute}}`;
  change({ resources, id: finder(resources), reference });
  const changed: Record<string, Record<string, Holder>> = {};
  for (const [id, { type, body }] of resources) changed[type] = { ...changed[type], [id.slice(type.length + 1)]: body };
  const { variable: variables = {}, ...kept } = changed;
  return { ...json, resource: kept, variable: variables };
}

function finder(resources: Draft['resources']) {
  return (type: string, start = '') => {
    const found = [...resources].find(([id, one]) => one.type === type && id.slice(id.indexOf('.') + 1).startsWith(start));
    if (!found) throw new Error(`There is no ${type} that is called ${start}...`);
    return found[0];
  };
}
