import { readAws } from '../../aws/blueprint';
import { CALM } from '../../chaos';
import { Pace } from '../../pace';
import { temporaryFolder } from '../folder';
import { mutated, SILENT, synthesized } from '../support';

/** The one resource of a type in a template. */
const one = (template: any, type: string): any => Object.values<any>(template.Resources).find(({ Type }) => Type === type);
const properties = (template: any, type: string) => one(template, type).Properties;

test('every resource type and property of the pipeline is classified, and none is refused', async () => {
  const { coverage, overrides } = await readAws(synthesized('aws'));
  const of = (treatment: string) =>
    coverage.filter((row) => row.treatment === treatment).map(({ type, property }) => `${type} ${property}`);
  expect(of('refused')).toEqual([]);
  expect(of('emulated')).toEqual(
    expect.arrayContaining([
      'AWS::Lambda::EventSourceMapping BisectBatchOnFunctionError',
      'AWS::Lambda::Function Environment.Variables',
      'AWS::ApiGateway::Method Integration.RequestTemplates',
    ]),
  );
  expect(of('no effect here')).toEqual(
    expect.arrayContaining(['AWS::IAM::Role ', 'AWS::Kinesis::Stream StreamEncryption', 'template Rules']),
  );
  expect(overrides).toContain(`nodejs24.x runs on Node ${process.versions.node}`);
});

test.each<[string, (template: any) => void, string]>([
  [
    'an unknown property',
    (t) => (properties(t, 'AWS::Kinesis::Stream').Surprise = 1),
    'AWS::Kinesis::Stream BufferStream81218A7F Surprise: it is not classified',
  ],
  ['a condition', (t) => (one(t, 'AWS::SQS::Queue').Condition = 'Sometimes'), 'Condition: it is not classified'],
  ['an unknown section', (t) => (t.Conditions = { Sometimes: true }), 'template aws-pipeline Conditions: it is not classified'],
  [
    'parallel batches of each shard',
    (t) => (properties(t, 'AWS::Lambda::EventSourceMapping').ParallelizationFactor = 2),
    'ParallelizationFactor: it must be 1 here, got 2.',
  ],
  [
    'a filter of records',
    (t) => (properties(t, 'AWS::Lambda::EventSourceMapping').FilterCriteria = { Filters: [] }),
    'FilterCriteria: it is not classified',
  ],
  [
    'an unknown mode of the stream',
    (t) => (properties(t, 'AWS::Kinesis::Stream').StreamModeDetails.StreamMode = 'SOMETIMES'),
    'it must be "ON_DEMAND" or "PROVISIONED" here, got "SOMETIMES".',
  ],
  ['another language', (t) => (properties(t, 'AWS::Lambda::Function').Runtime = 'python3.13'), 'only Node.js runs here, got "python3.13".'],
  ['a layer', (t) => (properties(t, 'AWS::Lambda::Function').Layers = ['arn']), 'Layers: it is not classified'],
  [
    'a body that is passed through',
    (t) => (properties(t, 'AWS::ApiGateway::Method').Integration.PassthroughBehavior = 'WHEN_NO_MATCH'),
    'it must be "NEVER" here, got "WHEN_NO_MATCH".',
  ],
  [
    'a header that is computed',
    (t) => (properties(t, 'AWS::ApiGateway::Method').Integration.RequestParameters['integration.request.header.X'] = 'context.requestId'),
    'only headers with a text in single quotes are emulated here',
  ],
  [
    'a gateway response that is a mapping template',
    (t) => (properties(t, 'AWS::ApiGateway::GatewayResponse').ResponseTemplates['application/json'] = '$input.body'),
    'only the error and the request id is emulated here, got "$input.body".',
  ],
  ['a FIFO queue', (t) => (properties(t, 'AWS::SQS::Queue').FifoQueue = true), 'it must be false here, got true.'],
  [
    'an unknown function of CloudFormation',
    (t) => (properties(t, 'AWS::Lambda::EventSourceMapping').BatchSize = { 'Fn::If': ['Sometimes', 1, 2] }),
    'BatchSize.Fn::If: the local run does not support Fn::If.',
  ],
  [
    'a function without an event source mapping',
    (t) => (t.Resources.Other = one(t, 'AWS::Lambda::Function')),
    'Other: it has no event source mapping.',
  ],
  [
    'a second stream',
    (t) => (t.Resources.Other = one(t, 'AWS::Kinesis::Stream')),
    'AWS::Kinesis::Stream: there must be exactly one, got BufferStream81218A7F and Other.',
  ],
  [
    'a mapping of a stream that is not in the stack',
    (t) => delete t.Resources.BufferStream81218A7F,
    'EventSourceArn.Fn::GetAtt: BufferStream81218A7F.Arn has no value here.',
  ],
  [
    'a setting of streams for a queue',
    (t) => (properties(t, 'AWS::Lambda::EventSourceMapping').EventSourceArn = { 'Fn::GetAtt': ['BufferDeadLetter4A3CA5E4', 'Arn'] }),
    'it is for streams only: a queue has a redrive policy. Leave it out.',
  ],
  [
    'a service that is not emulated behind the API',
    (t) => (properties(t, 'AWS::ApiGateway::Method').Integration.Uri = 'arn:aws:apigateway:eu-west-1:firehose:action/PutRecord'),
    'Integration.Uri: only kinesis:action/PutRecord or sqs:action/SendMessage is emulated',
  ],
  [
    'an answer that the method does not declare',
    (t) => (properties(t, 'AWS::ApiGateway::Method').MethodResponses = []),
    'the method declares no response 202.',
  ],
])('refuses %s before an event is sent', async (_, edit, message) => {
  const blueprint = await readAws(mutated('aws', edit));
  const start = blueprint.start({ folder: temporaryFolder(), witness: SILENT, chaos: CALM, pace: new Pace() });
  await expect(start).rejects.toMatchObject({ name: 'RefusedError', message: expect.stringContaining(message) });
});
