import { hold } from './aws/rule';
import { AWS } from './aws/rules';
import { awsApps } from './aws-apps';
import type { Judge } from './judge';

/** The rules of this project for what no scanner knows. */
export const awsRules: Judge = {
  name: 'rules for AWS',
  proves: 'callers are known and checked, retries are bounded, nothing is lost, alarms ring, data stays',
  run: () => {
    const shipped = awsApps().filter(({ asItShips }) => asItShips);
    return Promise.resolve(
      shipped.map(({ subject, template }) => {
        const { held, findings } = hold(AWS, template);
        return { subject, looked: `${held} rules held against resources`, findings };
      }),
    );
  },
};
