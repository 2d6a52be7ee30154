import { CfnStack } from '../../shared/read/cfn';
import { factsOf } from '../../shared/read/facts/find';
import { factsFor } from '../../shared/read/terraform';
import { TfStack } from '../../shared/read/tf';
import { type AwsApp, shippedApps } from '../judges/aws-apps';
import type { Finding } from '../judges/judge';
import { cloudFormationPrivileges, type Identity, terraformPrivileges } from '../judges/privileges/findings';
import { holdPromises } from '../judges/promises';
import { type TerraformStack, terraformStacks } from '../judges/terraform/stack';
import { findReferences } from '../judges/terraform-references';
import { changedStack, changedTemplate, type Weakening } from './draft';
import { grantWeakenings, type Read } from './grants';

/** What a judge says against a template. */
export interface Objection extends Finding {
  readonly judge: string;
}

/** A blueprint, and who objects when it is made worse. */
export interface Subject extends Read {
  readonly stack: string;
  /**
   * What is said against it after a change, and nobody explains. Without a change, nothing is. The judges that take longer
   * are asked only when the first ones are silent.
   */
  objections(change?: Pick<Weakening, 'edit' | 'resource'>): Promise<readonly Objection[]>;
}

/** Every blueprint, as it ships. */
export function subjects(): Subject[] {
  const shipped = shippedApps();
  return [...shipped.map(aws), ...terraformStacks().map(terraform)];
}

/**
 * The ways to make the blueprints worse: each promise of a type is broken, and each grant of a kind is widened and taken
 * away, once among all blueprints, in the first one that has it.
 */
export function weakeningsOf(all: readonly Subject[]): Map<Subject, Weakening[]> {
  const known = new Set<string>();
  const isNew = ({ name, of, folder }: Weakening) => {
    const key = `${folder} ${of} ${name}`;
    return known.has(key) ? false : known.add(key) !== undefined;
  };
  return new Map(all.map((subject) => [subject, [...promised(subject), ...grantWeakenings(subject)].filter(isNew)]));
}

function promised({ seen, facts }: Subject): Weakening[] {
  return seen.all.flatMap((resource) => {
    const known = facts.type(resource);
    if (!known) return [];
    const concerned = (known.promises ?? []).filter(({ concerns }) => concerns?.(resource, seen) ?? true);
    const edits = [...concerned.flatMap(({ weakenings }) => Object.entries(weakenings)), ...Object.entries(known.weakenings ?? {})];
    return edits.map(([name, edit]) => ({ name, edit, resource, of: known.name, folder: known.folder }));
  });
}

function aws({ subject, template }: AwsApp): Subject {
  const facts = factsOf('aws');
  return {
    stack: subject,
    facts,
    seen: new CfnStack(template),
    objections: async (change) => {
      const changed = new CfnStack(change ? changedTemplate(template, (draft) => change.edit(draft, change.resource)) : template);
      return firstOf(
        () => said('rules', holdPromises(changed, facts).findings),
        () => said('least privilege', of(cloudFormationPrivileges(changed))),
      );
    },
  };
}

function terraform(stack: TerraformStack): Subject {
  const facts = factsFor(stack.json);
  return {
    stack: stack.name,
    facts,
    seen: new TfStack(stack.json),
    objections: async (change) => {
      const json = change ? changedStack(stack.json, (draft) => change.edit(draft, change.resource)) : stack.json;
      const changed = new TfStack(json);
      return firstOf(
        () => said('rules', holdPromises(changed, facts).findings),
        () => said('least privilege', of(terraformPrivileges(changed, facts))),
        async () => said('Terraform, read here', await findReferences({ ...stack, json })),
      );
    },
  };
}

async function firstOf(...judges: readonly (() => readonly Objection[] | Promise<readonly Objection[]>)[]): Promise<readonly Objection[]> {
  for (const judge of judges) {
    const objections = await judge();
    if (objections.length > 0) return objections;
  }
  return [];
}

function said(judge: string, findings: readonly Finding[]): Objection[] {
  return findings.filter(({ reason }) => reason === undefined).map((finding) => ({ ...finding, judge }));
}

function of(identities: readonly Identity[]): Finding[] {
  return identities.flatMap(({ findings }) => findings);
}
