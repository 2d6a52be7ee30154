import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Check, type CheckovReport, runCheckov } from './checkov';
import type { Finding, Judge, Verdict } from './judge';
import { acknowledgements, type TerraformJson, type TerraformStack, terraformStacks } from './terraform/stack';

/** checkov on what Terraform reads. It has no way to skip a check there, so findings meet their reasons here. */
export const checkovTerraform: Judge = {
  name: 'checkov on Terraform',
  proves: 'the configuration of each resource passes the scanner, or has a reason',
  blueprintsOf: ['azure', 'gcp'],
  run: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'checkov-'));
    try {
      // All at once, since checkov takes longer to start than to look.
      const stacks = terraformStacks();
      for (const { name, json } of stacks) {
        mkdirSync(path.join(folder, name));
        writeFileSync(path.join(folder, fileOf(name)), JSON.stringify(withWitness(readable(json), name), null, 2));
      }
      const report = await runCheckov(folder, 'terraform_json');
      return stacks.map((stack) => verdict(stack, report));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Each stack has a folder, because Terraform reads all files of a folder as one. */
function fileOf(stack: string): string {
  return `${stack}/cdk.tf.json`;
}

/** What checkov said of one stack. */
function verdict({ name, json }: TerraformStack, { version, passed, failed }: CheckovReport): Verdict {
  const own = (checks: readonly Check[]) => checks.filter(({ file }) => file === fileOf(name));
  if (![...own(passed), ...own(failed)].some(({ resource }) => resource.includes(WITNESS))) throw new Error(`checkov did not read ${name}`);
  const [good, bad] = [passed, failed].map((checks) => own(checks).filter(({ resource }) => !resource.includes(WITNESS)));
  return { subject: name, looked: `${good!.length} checks passed, by checkov ${version}`, findings: explained(bad!, json) };
}

/** checkov 3.3 gives up on the whole file where a block of `terraform` holds a plain text, as `required_version` is, and on `moved`. */
function readable({ terraform, moved: __, ...json }: TerraformJson & { readonly moved?: unknown }): TerraformJson {
  const { required_version: _, ...blocks } = terraform ?? {};
  return { ...json, terraform: blocks };
}

const WITNESS = 'read_by_checkov';

/** checkov says the same of a file that it cannot read and of one that it has no check for. It has some for a bucket, so one stands in each. */
function withWitness({ resource = {}, ...json }: TerraformJson, stack: string): TerraformJson {
  const buckets = { ...resource.google_storage_bucket, [`${WITNESS}_${stack}`]: { name: WITNESS, location: 'EU' } };
  return { ...json, resource: { ...resource, google_storage_bucket: buckets } };
}

/** What failed, with the reason that its resource gives. A reason for what did not fail is a finding too. */
export function explained(failed: readonly Pick<Check, 'id' | 'resource' | 'name'>[], json: TerraformJson): Finding[] {
  const reasons = acknowledgements(json).filter(({ id }) => id.startsWith('CKV'));
  const findings = failed.map(({ id, resource, name }): Finding => {
    // checkov calls a resource `resource.name` or `type.name`; its name alone is the same in both.
    const given = reasons.find((one) => one.id === id && one.address.split('.')[1] === resource.split('.')[1]);
    return { rule: id, where: given?.address ?? resource, what: name, reason: given?.reason };
  });
  const stale = reasons.filter(
    ({ id, address }) => !findings.some(({ rule, where, reason }) => rule === id && where === address && reason),
  );
  return [...findings, ...stale.map(({ id, address }) => ({ rule: id, where: address, what: 'A reason is given, and nothing fails.' }))];
}
