import { type Check, runCheckov } from './checkov';
import { scanTemplates } from './cloudformation-scan';
import type { Judge } from './judge';

/** checkov on the templates for AWS. */
export const checkovCloudFormation: Judge = {
  name: 'checkov on CloudFormation',
  proves: 'the configuration of each resource passes the scanner, or the template has a reason',
  blueprintsOf: ['aws'],
  run: () =>
    scanTemplates({
      key: 'checkov',
      reasons: ({ checkov }) => checkov?.skip.map(({ id, comment }) => [id, comment]) ?? [],
      async scan(folder) {
        const { version, passed, failed } = await runCheckov(folder, 'cloudformation');
        const found = failed.map(({ id: rule, resource, name: what, file }: Check) => ({
          rule,
          where: resource.split('.')[1]!,
          what,
          file,
        }));
        const looked = (of: string) => `${passed.filter(({ file }) => file === of).length} checks passed, by checkov ${version}`;
        return { found, looked };
      },
    }),
};
