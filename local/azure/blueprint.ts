import { readerWith } from '../parts';
import { terraformCoverage } from '../template/coverage';
import { openTerraform } from '../template/open-terraform';
import { Site } from './site';

/** What is said for the template's variables. */
const VARIABLES = { prefix: 'local', location: 'swedencentral' };

/** A platform on Azure, as the synthesized stack describes it. */
export const readAzure = readerWith<Site>({
  cloud: 'azure',
  read: async (folder) => new Site(await openTerraform('azure', folder, VARIABLES), folder),
  coverage: ({ terraform }, list) => terraformCoverage(terraform, list, ['azurerm']),
});
