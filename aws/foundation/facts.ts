import { promised } from '../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../shared/read/facts/types';
import { set } from '../../shared/read/facts/weaken';
import { amount, is } from '../../shared/read/stack';

/** What grants, and what is known of it is what it grants. */
const grants = (name: string): TypeFacts => ({ name, role: 'grants', local: 'no effect here' });
const helps = (name: string): TypeFacts => ({ name, role: 'helps', local: 'no effect here' });

/** What several services stand on: identities, logs, alarms, keys. */
export const facts: ServiceFacts = {
  name: 'foundation',
  local: 'runs',
  types: {
    'AWS::CloudWatch::Alarm': {
      name: 'alarm',
      role: 'watches',
      promises: [
        promised(
          'rings',
          'watch one thing and not all of its kind, and stay silent where there is no data',
          (alarm) => alarm.get('Dimensions.Value').length === 1 && is(alarm, 'TreatMissingData', 'notBreaching'),
          {
            'an alarm watches all of a kind at once': set('Dimensions'),
            'an alarm rings where nothing happens': set('TreatMissingData', 'breaching'),
          },
        ),
      ],
      local: 'no effect here',
    },
    'AWS::IAM::ManagedPolicy': grants('managed policy'),
    'AWS::IAM::Policy': grants('policy'),
    'AWS::IAM::Role': grants('role'),
    'AWS::KMS::Key': helps('key'),
    'AWS::Logs::LogGroup': {
      name: 'log group',
      role: 'watches',
      promises: [
        promised('logs-end', 'forget after a while', (group) => amount(group, 'RetentionInDays') > 0, {
          'logs are kept for ever': set('RetentionInDays'),
        }),
      ],
      local: 'no effect here',
    },
  },
  // https://github.com/josdejong/lossless-json
  harmless: ['lossless-json parse.parse', 'lossless-json stringify.stringify', 'lossless-json utils.isInteger', '@smithy/core Client.send'],
};
