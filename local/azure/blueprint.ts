import { readerWith } from '../parts';
import { terraformCoverage } from '../template/coverage';
import { openTerraform } from '../template/open-terraform';
import { Site } from './site';

/** The values of the Terraform variables. */
const VARIABLES = { prefix: 'local', location: 'swedencentral' };

/** Reads a platform on Azure from its synthesized stack. */
export const readAzure = readerWith<Site>({
  cloud: 'azure',
  read: async (folder) => new Site(await openTerraform('azure', folder, VARIABLES), folder),
  coverage: ({ terraform }, list) => terraformCoverage(terraform, list, ['azurerm']),
});
