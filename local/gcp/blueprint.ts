import { readerWith } from '../parts';
import { terraformCoverage } from '../template/coverage';
import { openTerraform } from '../template/open-terraform';
import { Site } from './site';

/** The values of the Terraform variables. */
const VARIABLES = { project_id: 'local-project', prefix: 'local' };

/** Reads a platform on Google Cloud from its synthesized stack. */
export const readGcp = readerWith<Site>({
  cloud: 'gcp',
  read: async (folder) => new Site(await openTerraform('gcp', folder, VARIABLES), folder),
  coverage: ({ terraform }, list) => terraformCoverage(terraform, list, ['google', 'google-beta', 'time']),
});
