import { CfnStack } from '../../shared/read/cfn';
import { factsOf } from '../../shared/read/facts/find';
import { TfStack } from '../../shared/read/tf';
import { shippedApps } from './aws-apps';
import type { Judge, Verdict } from './judge';
import { holdPromises } from './promises';
import { terraformStacks } from './terraform/stack';

/** The rules of this project for what no scanner knows: what each type of resource promises, as its role asks for. */
export const rules: Judge = {
  name: 'rules of this project',
  proves:
    'resources that hold data are encrypted, private, retained and monitored; resources that move data have limited retries and a dead letter; no keys, no public access',
  blueprintsOf: ['aws', 'azure', 'gcp'],
  run: () => {
    const aws = shippedApps();
    return Promise.resolve([
      ...aws.map(({ subject, template }) => verdict(subject, 'aws', new CfnStack(template))),
      ...terraformStacks().map(({ name, json }) => verdict(name, name.split('-')[0]!, new TfStack(json))),
    ]);
  },
};

function verdict(subject: string, cloud: string, stack: CfnStack | TfStack): Verdict {
  const { held, findings } = holdPromises(stack, factsOf(cloud));
  return { subject, looked: `${held} promises of ${stack.all.length} resources`, findings };
}
