import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App, TerraformStack, Testing } from 'cdktf';
import { readTerraform } from '../../shared/read/terraform';
import { type Blueprint, build } from '../../shared/synth/blueprints';
import { temporaryFolder } from './folder';

/** What a stack synthesizes to: `cdk.tf.json`, parsed. */
export interface TerraformJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, any>>>>;
  readonly [block: string]: any;
}

/** A synthesized stack, with what tests ask of it. */
export interface Synthesized {
  readonly json: TerraformJson;
  /** All resources of a type. */
  all(type: string): any[];
  /** The one resource of a type. */
  one(type: string): any;
}

/** Synthesize one stack to the JSON that Terraform reads. Assets are left out. */
export function synthesize<Built>(
  build: (stack: TerraformStack) => Built,
  context: Record<string, unknown> = {},
): Synthesized & { built: Built } {
  // Nothing is written into it.
  unused ??= temporaryFolder();
  const stack = new TerraformStack(new App({ context, outdir: unused, skipValidation: true }), 'test');
  const built = build(stack);
  const json: TerraformJson = JSON.parse(Testing.synth(stack, true));
  const all = (type: string) => Object.values(json.resource?.[type] ?? {});
  return {
    built,
    json,
    all,
    one: (type) => {
      const found = all(type);
      if (found.length !== 1) throw new Error(`expected one ${type}, found ${found.length}`);
      return found[0];
    },
  };
}

let unused: string | undefined;

/** Synthesize a blueprint as it ships, and read it. */
export function readBlueprint(blueprint: Blueprint) {
  const outdir = temporaryFolder();
  const app = new App({ outdir, skipValidation: true });
  const { node } = build(app, blueprint, {});
  app.synth();
  return readTerraform(JSON.parse(readFileSync(path.join(outdir, 'stacks', node.id, 'cdk.tf.json'), 'utf8')));
}
