import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { SqsBuffer } from '../../../aws/buffer/sqs/sqs-buffer';
import { LambdaProcessor } from '../../../aws/processing/lambda/lambda-processor';
import { findRecipes, pictureOf } from '../../../scripts/recipes';
import { type CfnTemplate, readCloudFormation } from '../../../shared/read/cloudformation';

const flowOf = (name: string) =>
  pictureOf(findRecipes().find((recipe) => recipe.name === name)!).flow.map(({ from, to }) => `${from} > ${to}`);

test.each([
  ['azure-second-processor', ['Processing > Store', 'ProcessingCopy > StoreCopy']],
  ['gcp-second-processor', ['Processing > Store', 'ProcessingFiles > StoreFiles']],
])('of two processors whose names begin alike each fills its own store: %s', (name, wanted) => {
  expect(
    flowOf(name)
      .filter((hop) => /^Processing\w* > Store\w*$/.test(hop))
      .sort(),
  ).toEqual(wanted);
});

test.each([
  ['aws-own-stream', ['an existing stream > Processing', 'an existing stream > Buffer dead letter']],
  ['azure-own-hub', ['an existing hub > Processing']],
  ['gcp-own-resources', ['an existing topic > Processing', 'an existing topic > Buffer dead letter']],
  ['aws-own-resources', ['Processing > an existing bucket']],
])('what exists already stands in the way of an event: %s', (name, wanted) => {
  expect(
    flowOf(name)
      .filter((hop) => hop.includes('an existing'))
      .sort(),
  ).toEqual([...wanted].sort());
});

test('so does a queue', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
  const queue = (name: string) => Queue.fromQueueArn(stack, name, `arn:aws:sqs:eu-west-1:123456789012:${name}`);
  const source = new SqsBuffer(stack, 'Buffer', { queue: queue('orders'), deadLetterQueue: queue('lost') });
  new LambdaProcessor(stack, 'Processing', { code: Code.fromInline('exports.handler = 1'), source, stores: {} });
  const { flow } = readCloudFormation(Template.fromStack(stack).toJSON() as CfnTemplate);
  expect(flow.map(({ from, how, to }) => `${from} -- ${how} --> ${to}`)).toEqual([
    'an existing queue -- 100 records or 5 s, partial failures --> Processing',
    'Processing -- sqs:SendMessage, arn:aws:sqs:eu-west-1:123456789012:lost --> an existing queue',
  ]);
});
