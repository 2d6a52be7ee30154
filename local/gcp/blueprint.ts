import { readerWith } from '../parts';
import { terraformCoverage } from '../template/coverage';
import { openTerraform } from '../template/open-terraform';
import { Site } from './site';

/** What is answered to the variables of a template. */
const VARIABLES = { project_id: 'local-project', prefix: 'local' };

/** A platform on Google Cloud, as the synthesized stack describes it. */
export const readGcp = readerWith<Site>({
  cloud: 'gcp',
  read: async (folder) => new Site(await openTerraform('gcp', folder, VARIABLES), folder),
  coverage: ({ terraform }, list) => terraformCoverage(terraform, list, ['google', 'google-beta', 'time']),
});
