import { readerWith } from '../parts';
import { readAssembly } from '../template/assembly';
import { cloudFormationCoverage } from '../template/coverage';
import { Site } from './site';

/** A platform on AWS, as a cloud assembly of the CDK describes it. */
export const readAws = readerWith<Site>({
  cloud: 'aws',
  read: async (folder) => new Site(readAssembly(folder)),
  coverage: ({ assembly }, list) => cloudFormationCoverage(assembly.stackName, assembly.template, list),
});
