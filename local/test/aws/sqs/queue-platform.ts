import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { temporaryFolder } from '../../folder';

/** Stores each message as an object, sends a body that is not an event to the dead letter, and reports failed writes. */
const HANDLER = `
const { AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_SQS: sqs, AWS_ACCESS_KEY_ID: key, STORE_BUCKET: bucket, DEAD_LETTER_QUEUE_URL: QueueUrl } = process.env;
const authorization = 'AWS4-HMAC-SHA256 Credential=' + key + '/day/region/service/aws4_request';
async function call(url, init) {
  const answer = await fetch(url, { ...init, headers: { authorization, ...init.headers } });
  if (!answer.ok) throw new Error(await answer.text());
}
async function settle({ messageId, body }) {
  try {
    const { source, id } = JSON.parse(body);
    if (typeof source !== 'string' || typeof id !== 'string') throw new TypeError('no event');
  } catch (error) {
    const MessageBody = JSON.stringify({ payload: body, encoding: 'text', reason: error.name, position: { messageId } });
    return call(sqs, { method: 'POST', body: JSON.stringify({ QueueUrl, MessageBody }), headers: { 'x-amz-target': 'AmazonSQS.SendMessage' } });
  }
  await call(s3 + '/' + bucket + '/events/' + messageId, { method: 'PUT', body: body + '\\n' });
}
exports.handler = async ({ Records }) => {
  const batchItemFailures = [];
  for (const record of Records) {
    await settle(record).catch(() => batchItemFailures.push({ itemIdentifier: record.messageId }));
  }
  console.log({ records: Records.length, failed: batchItemFailures.length });
  return { batchItemFailures };
};
`;

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const accepted = `{"MessageId":$input.json('$.SendMessageResponse.SendMessageResult.MessageId')}`;
const refused = `#set($error = "$input.path('$.Error.Code')")#if($error.contains("InvalidMessageContents"))#set($context.responseOverride.status = 413)#end{"message":"The event was not accepted.","requestId":"$context.requestId"}`;
const body = {
  'Fn::Join': ['', ['Action=SendMessage&Version=2012-11-05&QueueUrl=', { Ref: 'Queue' }, '&MessageBody=$util.urlEncode($input.body)']],
};

/** API Gateway, a queue, a function that reads it, a bucket, and a dead letter. */
const RESOURCES = {
  Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'events' } },
  Events: {
    Type: 'AWS::ApiGateway::Resource',
    Properties: { RestApiId: { Ref: 'Api' }, ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] }, PathPart: 'events' },
  },
  Post: {
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ResourceId: { Ref: 'Events' },
      HttpMethod: 'POST',
      AuthorizationType: 'AWS_IAM',
      Integration: {
        Type: 'AWS',
        IntegrationHttpMethod: 'POST',
        PassthroughBehavior: 'NEVER',
        Uri: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':apigateway:', { Ref: 'AWS::Region' }, ':sqs:action/SendMessage']] },
        RequestParameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
        RequestTemplates: { 'application/json': body },
        IntegrationResponses: [
          { SelectionPattern: '2\\d{2}', StatusCode: '202', ResponseTemplates: { 'application/json': accepted } },
          { StatusCode: '500', ResponseTemplates: { 'application/json': refused } },
        ],
      },
      MethodResponses: [{ StatusCode: '202' }, { StatusCode: '500' }],
    },
  },
  Deployment: { Type: 'AWS::ApiGateway::Deployment', Properties: { RestApiId: { Ref: 'Api' } } },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: { RestApiId: { Ref: 'Api' }, DeploymentId: { Ref: 'Deployment' }, StageName: 'prod' },
  },
  Queue: {
    Type: 'AWS::SQS::Queue',
    Properties: { VisibilityTimeout: 360, RedrivePolicy: { deadLetterTargetArn: arn('DeadLetter'), maxReceiveCount: 3 } },
  },
  DeadLetter: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 1_209_600 } },
  Bucket: { Type: 'AWS::S3::Bucket' },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 60,
      LoggingConfig: { LogFormat: 'JSON' },
      Environment: { Variables: { STORE_BUCKET: { Ref: 'Bucket' }, DEAD_LETTER_QUEUE_URL: { Ref: 'DeadLetter' } } },
    },
  },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: arn('Queue'),
      FunctionName: { Ref: 'Function' },
      BatchSize: 20,
      MaximumBatchingWindowInSeconds: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
  },
};

/** The folder of a cloud assembly whose resources are changed by `edit`. */
export function queueAssembly(edit: (resources: any) => void = () => {}): string {
  const folder = temporaryFolder();
  const Resources = structuredClone(RESOURCES);
  edit(Resources);
  const write = (name: string, content: unknown) => writeFileSync(path.join(folder, name), JSON.stringify(content));
  writeFileSync(path.join(folder, 'code.zip'), zipSync({ 'index.js': strToU8(HANDLER) }));
  write('stack.template.json', { Resources });
  write('stack.assets.json', {
    files: {
      code: { source: { path: 'code.zip', packaging: 'file' }, destinations: { here: { bucketName: 'assets', objectKey: 'code.zip' } } },
    },
  });
  write('manifest.json', {
    artifacts: {
      queue: { type: 'aws:cloudformation:stack', properties: { templateFile: 'stack.template.json' } },
      'queue.assets': { type: 'cdk:asset-manifest', properties: { file: 'stack.assets.json' } },
    },
  });
  return folder;
}
