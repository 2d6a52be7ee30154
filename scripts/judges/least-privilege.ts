import { CfnStack } from '../../shared/read/cfn';
import { factsFor } from '../../shared/read/terraform';
import { TfStack } from '../../shared/read/tf';
import { shippedApps } from './aws-apps';
import type { Judge, Verdict } from './judge';
import { cloudFormationPrivileges, type Identity, terraformPrivileges } from './privileges/findings';
import { terraformStacks } from './terraform/stack';

/** What each identity may do is what its work takes: no more, and no less. */
export const leastPrivilege: Judge = {
  name: 'least privilege',
  proves: 'each permission is needed by a call in a bundle or by a connection, on this resource only, and none is missing',
  blueprintsOf: ['aws', 'azure', 'gcp'],
  run: () => {
    const shipped = shippedApps();
    return Promise.resolve([
      ...shipped.flatMap(({ subject, template }) => verdicts(subject, cloudFormationPrivileges(new CfnStack(template)))),
      ...terraformStacks().flatMap(({ name, json }) => verdicts(name, terraformPrivileges(new TfStack(json), factsFor(json)))),
    ]);
  },
};

function verdicts(stack: string, identities: readonly Identity[]): Verdict[] {
  if (identities.length === 0) return [{ subject: stack, looked: 'no identity', findings: [] }];
  return identities.map(({ name, held, findings }) => ({
    subject: `${stack}: ${name}`,
    looked: `${held} ${held === 1 ? 'permission' : 'permissions'}`,
    findings,
  }));
}
