import { type CfnTemplate, readCloudFormation } from '../../../shared/read/cloudformation';
import type { Graph } from '../../../shared/read/picture';
import { readTerraform } from '../../../shared/read/terraform';

const getAtt = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** A function with a role of its own, which may write into a bucket. */
const functionInto = (name: string, bucket: string) => ({
  [`${name}Role`]: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [] } } },
  [`${name}Policy`]: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      Roles: [{ Ref: `${name}Role` }],
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: getAtt(bucket) }] },
    },
  },
  [`${name}Function`]: { Type: 'AWS::Lambda::Function', Properties: { Role: getAtt(`${name}Role`), Code: { S3Key: 'a.zip' } } },
  [bucket]: { Type: 'AWS::S3::Bucket', Properties: {} },
});
const graphOfAws = (Resources: object) => readCloudFormation({ Resources } as CfnTemplate).graph;
const waysOf = ({ parts, ways }: Graph) => {
  const name = (id: string) => parts.find((part) => part.id === id)!.name;
  return ways.map(({ from, to }) => `${name(from)} -> ${name(to)}`);
};

test('of two functions in a stage, each leads to what its own role may write to, and says so', () => {
  const graph = graphOfAws({ ...functionInto('Processing', 'StoreBucket'), ...functionInto('ProcessingHeated', 'StoreHeatedBucket') });
  expect(waysOf(graph)).toEqual(['Processing function -> Store bucket', 'Processing heated function -> Store heated bucket']);
  expect(graph.parts.map(({ name, permissions }) => [name, permissions])).toEqual([
    ['Processing function', ['Processing may s3:PutObject on Store bucket']],
    ['Store bucket', ['Processing may s3:PutObject on Store bucket']],
    ['Processing heated function', ['Processing may s3:PutObject on Store heated bucket']],
    ['Store heated bucket', ['Processing may s3:PutObject on Store heated bucket']],
  ]);
});

test('a part whose name begins with no stage stands in the stage of the folder of its service', () => {
  const { graph, flow } = readCloudFormation({ Resources: functionInto('Enrich', 'ProfilesBucket') } as CfnTemplate);
  expect(graph.parts.map(({ stage, service, name }) => [stage, service, name])).toEqual([
    ['Processing', 'Lambda', 'Stack enrich function'],
    ['Store', 'S3', 'Stack profiles bucket'],
  ]);
  expect(flow.map(({ from, to }) => `${from} -> ${to}`)).toEqual(['enrich function -> profiles bucket']);
});

test('an alarm is counted where it watches', () => {
  const alarm = (of: object) => ({ Type: 'AWS::CloudWatch::Alarm', Properties: { Dimensions: [{ Name: 'x', Value: of }] } });
  const { parts } = graphOfAws({
    ...functionInto('Processing', 'StoreBucket'),
    ProcessingErrors: alarm({ Ref: 'ProcessingFunction' }),
    ProcessingThrottles: alarm({ Ref: 'ProcessingFunction' }),
    ProcessingSize: alarm({ Ref: 'StoreBucket' }),
    StoreErrors: alarm({}),
  });
  expect(parts.map(({ name, alarms }) => [name, alarms])).toEqual([
    ['Processing function', 2],
    ['Store bucket', 2],
  ]);
});

test('a service that clients send to and that holds what they send stands in Connect and in Buffer', () => {
  const at = (path: string) => ({ '//': { metadata: { path: `stack/${path}` } } });
  const graph = readTerraform({
    resource: {
      azurerm_eventhub: { h: { ...at('Buffer/Hub'), namespace_id: '/subscriptions/1' } },
      azurerm_role_assignment: {
        s: { scope: '${azurerm_eventhub.h.id}', role_definition_name: 'Azure Event Hubs Data Sender', principal_id: '${var.sender}' },
      },
    },
  }).graph;
  expect(graph.parts.map(({ stage, service, tells }) => [stage, service, tells[0]])).toEqual([
    ['', 'client', undefined],
    ['Connect', 'Event Hubs', 'endpoint of the hub'],
    ['Buffer', 'Event Hubs', 'deleted with the stack'],
  ]);
  expect(waysOf(graph)).toEqual(['client -> Connect Event Hubs', 'Connect Event Hubs -> Buffer hub']);
  // What is handed over is said once.
  expect(graph.ways.map(({ how }) => how)).toEqual([['POST /messages, Entra ID, Azure Event Hubs Data Sender'], []]);
});

test('what was there before is shown as what it is', () => {
  const at = (path: string) => ({ '//': { metadata: { path: `stack/${path}` } } });
  const { parts } = readTerraform({
    resource: {
      azurerm_eventhub_consumer_group: { g: { ...at('Processing/Group'), eventhub_name: 'press' } },
      azurerm_function_app_flex_consumption: {
        a: { ...at('Processing/App'), app_settings: { GROUP: '${azurerm_eventhub_consumer_group.g.name}' } },
      },
    },
  }).graph;
  expect(parts.map(({ stage, service }) => [stage, service])).toEqual([
    ['Buffer', 'existing hub'],
    ['Processing', 'Functions'],
  ]);
});
