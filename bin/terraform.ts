import { App } from 'cdktf';
import { type Blueprint, blueprintsNamed, build, type Cloud, readRequest } from '../shared/synth/blueprints';
import { DESTROY_DATA } from '../shared/synth/settings';
import { settingsOf, stackIn } from './environment';
import { orOneLine } from './one-line';

/** The clouds that Terraform deploys to. */
export type TerraformCloud = Exclude<Cloud, 'aws'>;

/**
 * Synthesize the stacks of Azure and GCP into `outdir`, by default the folder that the CDKTF command line sets.
 * @param blueprints what to synthesize, instead of what the environment variables or the context name
 * @returns the names of the stacks
 */
export function synthesizeTerraform(
  env: NodeJS.ProcessEnv,
  outdir?: string,
  clouds: readonly TerraformCloud[] = ['azure', 'gcp'],
  blueprints?: readonly Blueprint[],
): string[] {
  // Without `skipValidation`, CDKTF runs `terraform version`, which is not needed for synthesis.
  const app = new App({ outdir, skipValidation: true, context: { [DESTROY_DATA]: env.DESTROY_DATA } });
  const request = readRequest(env);
  const environment = app.node.tryGetContext('environment') ?? request.environment;
  const asked = () => blueprintsNamed(app.node.tryGetContext('blueprint') ?? request.blueprint, clouds);
  for (const found of blueprints ?? asked()) {
    const settings = { ...settingsOf(environment, found.cloud), ...request.options };
    build(app, found, settings, stackIn(environment, found.cloud, found.name));
  }
  app.synth();
  return Object.keys(app.manifest.stacks);
}

if (require.main === module) orOneLine(() => synthesizeTerraform(process.env));
