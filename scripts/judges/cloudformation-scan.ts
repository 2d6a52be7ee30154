import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CfnTemplate } from '../../shared/read/cfn';
import { awsApps, shippedApps } from './aws-apps';
import type { Finding, Verdict } from './judge';

/** What a resource tells scanners. */
export interface Metadata {
  readonly checkov?: { readonly skip: readonly { readonly id: string; readonly comment: string }[] };
  readonly 'cfn-lint'?: {
    readonly config: { readonly ignore_checks: readonly string[] };
    readonly reasons: Readonly<Record<string, string>>;
  };
}

/** What a scanner found in a file. */
export type Found = Omit<Finding, 'reason'> & { readonly file: string };

/** How to ask a scanner that reads files and skips what their metadata tells it to. */
export interface Scanner {
  /** The key of the metadata that it reads, such as `checkov`. */
  readonly key: keyof Metadata;
  /** What is skipped by that metadata, each rule with its reason. */
  reasons(metadata: Metadata): readonly (readonly [rule: string, reason: string | undefined])[];
  /** Look at each file of a folder. */
  scan(folder: string, files: readonly string[]): Promise<{ readonly found: readonly Found[]; looked(file: string): string }>;
}

/**
 * What a scanner says of each template for AWS, as it is and without what is to be skipped. So each finding is known, and so
 * is whether the scanner of a user keeps silent about it, and whether a reason has nothing to answer. A template with other
 * settings is looked at as it is: the scanner must be silent.
 */
export async function scanTemplates({ key, reasons, scan }: Scanner): Promise<Verdict[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'templates-'));
  const shipped = shippedApps();
  const apps = awsApps().map((app, index) => ({ ...app, file: `${index}.json`, bare: `${index}.bare.json`, ships: shipped.includes(app) }));
  try {
    for (const { template, file, bare, ships } of apps) {
      writeFileSync(path.join(folder, file), JSON.stringify(template, null, 2));
      if (ships) writeFileSync(path.join(folder, bare), JSON.stringify(without(key, template), null, 2));
    }
    const { found, looked } = await scan(
      folder,
      apps.flatMap(({ file, bare, ships }) => (ships ? [file, bare] : [file])),
    );
    return apps.map(({ subject, template, file, bare, ships }) => {
      const heard = found.filter((one) => one.file === file);
      if (!ships) return { subject, looked: looked(file), findings: explain(heard, heard, []) };
      const said = Object.entries(template.Resources as Readonly<Record<string, { Metadata?: Metadata }>>).flatMap(
        ([where, { Metadata = {} }]) => reasons(Metadata).map(([rule, reason]) => ({ rule, where, reason })),
      );
      const all = found.filter((one) => one.file === bare);
      return { subject, looked: looked(bare), findings: explain(all, heard, said) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Something that a rule says of a place. */
type Place = Pick<Finding, 'rule' | 'where'>;

/** A reason counts where the scanner heeds it, and where there is something to answer. */
export function explain(all: readonly Found[], heard: readonly Found[], said: readonly (Place & Pick<Finding, 'reason'>)[]): Finding[] {
  const same = (a: Place) => (b: Place) => a.rule === b.rule && a.where === b.where;
  const every = [...all, ...heard.filter((one) => !all.some(same(one)))];
  const findings = every.map(({ file: _, ...found }): Finding => {
    return { ...found, reason: heard.some(same(found)) ? undefined : said.find(same(found))?.reason };
  });
  const stale = said.filter((one) => !all.some(same(one))).map(({ rule, where }) => ({ rule, where, what: 'acknowledged, and not found' }));
  return [...findings, ...stale];
}

function without(key: string, template: CfnTemplate): unknown {
  return JSON.parse(JSON.stringify(template, (name, value) => (name === key ? undefined : value)));
}
