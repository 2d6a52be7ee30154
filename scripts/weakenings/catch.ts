import type { CfnTemplate } from '../../shared/read/cfn';
import { hold } from '../judges/aws/rule';
import { AWS as RULES } from '../judges/aws/rules';
import { type AwsApp, awsApps } from '../judges/aws-apps';
import type { Finding } from '../judges/judge';
import { cloudFormationPrivileges, type Identity, terraformPrivileges } from '../judges/privileges/findings';
import { type TerraformStack, terraformStacks } from '../judges/terraform/stack';
import { findReferences } from '../judges/terraform-references';
import { holdRules } from '../judges/terraform-rules';
import { AWS } from './aws';
import { AZURE } from './azure';
import { GCP } from './gcp';
import { Draft, type Edit, type Holder, type Weakening } from './weakening';

/** What a judge says against a template. */
export interface Objection extends Finding {
  readonly judge: string;
}

/** The pipeline of one cloud: what makes it worse, and who objects. */
export interface Subject {
  readonly stack: string;
  readonly weakenings: readonly Weakening[];
  /** What is said against the template after a change, and nobody explains. Without a change, nothing is. */
  objections(edit?: Edit): Promise<readonly Objection[]>;
}

/** The three pipelines. */
export function subjects(): Subject[] {
  const shipped = awsApps().filter(({ asItShips }) => asItShips);
  return [...shipped.map(aws), ...terraformStacks().map(terraform)];
}

function aws({ subject, template }: AwsApp): Subject {
  return {
    stack: subject,
    weakenings: AWS,
    objections: async (edit) => {
      const changed = changedTemplate(template, edit);
      return [...said('rules', hold(RULES, changed).findings), ...said('least privilege', of(cloudFormationPrivileges(changed)))];
    },
  };
}

function terraform(stack: TerraformStack): Subject {
  return {
    stack: stack.name,
    weakenings: stack.name.startsWith('azure') ? AZURE : GCP,
    objections: async (edit) => {
      const json = changedStack(stack.json, edit);
      return [
        ...said('rules', (await holdRules(json)).findings),
        ...said('least privilege', of(terraformPrivileges(json))),
        ...said('Terraform, read here', await findReferences({ ...stack, json })),
      ];
    },
  };
}

function said(judge: string, findings: readonly Finding[]): Objection[] {
  return findings.filter(({ reason }) => reason === undefined).map((finding) => ({ ...finding, judge }));
}

function of(identities: readonly Identity[]): Finding[] {
  return identities.flatMap(({ findings }) => findings);
}

function changedTemplate(template: CfnTemplate, edit: Edit = () => {}): CfnTemplate {
  const resources = Object.entries(structuredClone(template.Resources));
  const draft = new Draft(new Map(resources.map(([id, resource]) => [`${resource.Type} ${id}`, { ...resource } as unknown as Holder])));
  edit(draft);
  const changed = [...draft.resources].map(([address, body]) => {
    const [Type, id] = address.split(' ') as [string, string];
    return [id, { ...body, Type }] as const;
  });
  return { ...template, Resources: Object.fromEntries(changed) };
}

/** Variables may be changed as if they were resources: `variable.prefix`. */
function changedStack(json: TerraformStack['json'], edit: Edit = () => {}): TerraformStack['json'] {
  const { resource = {}, variable = {} } = structuredClone(json);
  const sections = Object.entries({ ...resource, variable });
  const bodies = sections.flatMap(([type, named]) =>
    Object.entries(named).map(([name, body]) => [`${type}.${name}`, body as Holder] as const),
  );
  const draft = new Draft(new Map(bodies));
  edit(draft);
  const changed: Record<string, Record<string, Holder>> = {};
  for (const [address, body] of draft.resources) {
    const [type, name] = address.split('.') as [string, string];
    changed[type] = { ...changed[type], [name]: body };
  }
  const { variable: variables = {}, ...resources } = changed;
  return { ...json, resource: resources, variable: variables };
}
