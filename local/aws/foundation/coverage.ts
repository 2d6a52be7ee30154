import type { AllowList } from '../../coverage';

const NOTHING = 'no effect here';

/** Who may do what, what is watched and what is written down: none of it moves an event. */
export const COVERAGE: AllowList = {
  'AWS::CloudWatch::Alarm': NOTHING,
  'AWS::IAM::Policy': NOTHING,
  'AWS::IAM::Role': NOTHING,
  'AWS::KMS::Key': NOTHING,
  'AWS::Logs::LogGroup': NOTHING,
};
