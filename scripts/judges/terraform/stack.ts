import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'cdktf';
import { build, findBlueprints } from '../../../shared/synth/blueprints';
import { frozen, oncePerProcess } from '../once';

/** A value in Terraform's JSON. */
export type Value = string | number | boolean | null | readonly Value[] | Body;
export interface Body {
  readonly [key: string]: Value;
}
type Section = Readonly<Record<string, Readonly<Record<string, Body>>>>;

/** `cdk.tf.json`, parsed. */
export interface TerraformJson {
  readonly resource?: Section;
  readonly data?: Section;
  readonly variable?: Readonly<Record<string, Body>>;
  readonly output?: Readonly<Record<string, Body>>;
  readonly provider?: Readonly<Record<string, readonly Body[]>>;
  readonly terraform?: Body;
}

/** A stack for Terraform, as it was synthesized. */
export interface TerraformStack {
  readonly name: string;
  /** Where it lies, with its assets. */
  readonly folder: string;
  readonly json: TerraformJson;
}

/** A resource or a data source. */
export interface Block {
  /** How expressions call it: `google_pubsub_topic.Topic`, `data.azurerm_client_config.Deployer`. */
  readonly address: string;
  /** Its type, with `data.` before that of a data source. */
  readonly type: string;
  /** What it is set to, without comments. */
  readonly body: Body;
}

/** Every blueprint of Azure and GCP, synthesized. They lie in a folder that is gone when the process ends. */
export function terraformStacks(): readonly TerraformStack[] {
  return oncePerProcess('stacks of Terraform', synthesize);
}

/** The resources and data sources of a stack. */
export function blocksOf({ resource = {}, data = {} }: TerraformJson): Block[] {
  return [...listed(resource, ''), ...listed(data, 'data.')];
}

/** The findings that a stack explains, each with its resource and the reason. */
export function acknowledgements({ resource = {} }: TerraformJson): { address: string; id: string; reason: string }[] {
  return Object.entries(resource).flatMap(([type, named]) =>
    Object.entries(named).flatMap(([name, body]) =>
      blocks(blocks(body['//'])[0]?.acknowledged).map(({ id, reason }) => ({
        address: `${type}.${name}`,
        id: String(id),
        reason: String(reason),
      })),
    ),
  );
}

/** A block that stands once is an object or a list of one; in both forms it comes back as a list. */
export function blocks(value: Value | undefined): readonly Body[] {
  const all = Array.isArray(value) ? value : [value];
  return all.filter((one): one is Body => typeof one === 'object' && one !== null);
}

function listed(section: Section, prefix: string): Block[] {
  return Object.entries(section).flatMap(([type, named]) =>
    Object.entries(named).map(([name, { '//': _, ...body }]) => ({ address: `${prefix}${type}.${name}`, type: `${prefix}${type}`, body })),
  );
}

function synthesize(): TerraformStack[] {
  const outdir = mkdtempSync(path.join(tmpdir(), 'terraform-'));
  process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, skipValidation: true });
  for (const blueprint of findBlueprints(['azure', 'gcp'])) build(app, blueprint, {});
  app.synth();
  return Object.keys(app.manifest.stacks).map((name) => {
    const folder = path.join(outdir, 'stacks', name);
    return { name, folder, json: frozen(JSON.parse(readFileSync(path.join(folder, 'cdk.tf.json'), 'utf8'))) };
  });
}
