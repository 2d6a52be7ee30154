import type { Stack } from 'aws-cdk-lib';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const steps = [{ Load: { bindStart: () => ({ resource: '', parameters: {}, waitFor: [] }) } }];
  return {
    constructs: {
      StepFunctionsOrchestration: {
        settings: {
          steps: ['', 'x', 5, {}, [], [{}], [[]], ['x'], [{ '': {} }], [{ Load: 'load' }], [{ 'two\nlines': {} }]],
          schedule: ['', 'rate(1 hour)', 5, {}, { expressionString: 'x' }],
          onCreated: 'resource',
          timeout: 'time',
          maxRetries: 'number',
          logRetention: [NaN, -1, 0.5, 2, '30', {}],
          deadLetterQueue: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new StepFunctionsOrchestration(aws, id, { steps, ...props }),
      },
    },
  };
};
