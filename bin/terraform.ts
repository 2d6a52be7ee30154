import { App } from 'cdktf';
import { blueprints as azure } from '../azure/blueprints';
import { blueprints as gcp } from '../gcp/blueprints';
import { build, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';
import { orOneLine } from './one-line';

const CLOUDS = { azure, gcp };
export type TerraformCloud = keyof typeof CLOUDS;

/**
 * Synthesize what is asked for on Azure and GCP. The outcome lies in `outdir`, or where the CDKTF command line says.
 * @returns the names of the stacks
 */
export function synthesizeTerraform(
  env: NodeJS.ProcessEnv,
  outdir?: string,
  clouds: readonly TerraformCloud[] = ['azure', 'gcp'],
): string[] {
  // Else CDKTF asks Terraform for its version, which only a deploy needs.
  const app = new App({ outdir, skipValidation: true, context: { [DESTROY_DATA]: env.DESTROY_DATA } });
  build(
    app,
    clouds.map((cloud) => CLOUDS[cloud]),
    readRequest(env),
  );
  app.synth();
  return Object.keys(app.manifest.stacks);
}

if (require.main === module) orOneLine(() => synthesizeTerraform(process.env));
