import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsPipeline } from '../../../aws/architectures/pipeline';
import type { AwsPlatformProps } from '../../../aws/foundation/platform';
import cdk from '../../../cdk.json';
import type { CfnTemplate } from '../../../shared/read/cloudformation';
import { temporaryFolder } from '../../support/folder';

function templateOf(props?: AwsPlatformProps, context = {}): CfnTemplate {
  const app = new App({ outdir: temporaryFolder(), context: { ...cdk.context, ...context } });
  return Template.fromStack(new AwsPipeline(app, 'aws-pipeline', props)).toJSON() as CfnTemplate;
}

const all = (template: CfnTemplate, type: string) => Object.values(template.Resources).filter((resource) => resource.Type === type);

test('data survives the stack', () => {
  const kept = ['AWS::Kinesis::Stream', 'AWS::SQS::Queue', 'AWS::S3::Bucket'].flatMap((type) => all(templateOf(), type));
  expect(kept.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(Array(6).fill('RetainExceptOnCreate'));
});

test('with removal and destroyData everything is deleted with the stack', () => {
  const template = templateOf({ removal: 'destroy' }, { destroyData: 'yes' });
  expect(Object.values(template.Resources).filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'))).toEqual([]);
  expect(all(template, 'Custom::S3AutoDeleteObjects')).toHaveLength(4);
});

test('no alarm has an action without notify, and with notify each has', () => {
  const arn = 'arn:aws:sns:eu-west-1:123456789012:on-call';
  const actions = (template: CfnTemplate) => all(template, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties?.AlarmActions);
  expect(new Set(actions(templateOf()))).toEqual(new Set([undefined]));
  const heard = actions(templateOf({ notify: arn }));
  expect(heard).toHaveLength(12);
  expect(new Set(heard.flat())).toEqual(new Set([arn]));
});

test('the role for the logs of API Gateway is created with the context accountLogRole=create, and another value is refused', () => {
  expect(all(templateOf(), 'AWS::ApiGateway::Account')).toHaveLength(0);
  expect(all(templateOf({}, { accountLogRole: 'create' }), 'AWS::ApiGateway::Account')).toHaveLength(1);
  expect(() => templateOf({}, { accountLogRole: true })).toThrow(
    new Error(
      'aws-pipeline/Connect: accountLogRole must be existing or create, got true. Use create only in an account and region that has no such role.',
    ),
  );
});

test('refuses a notify that is not the ARN of a topic', () =>
  expect(() => templateOf({ notify: 'on-call' })).toThrow(
    new Error('aws-pipeline: notify must be the ARN of a topic, got "on-call". See aws sns list-topics.'),
  ));

test('an empty topic, for example from an unset variable, is refused', () =>
  expect(() => templateOf({}, { notify: '' })).toThrow(
    new Error('aws-pipeline: notify must be the ARN of a topic, got "". See aws sns list-topics.'),
  ));

test('the commands send one event, show what was stored, and show what could not be processed', () => {
  const outputs = JSON.stringify(templateOf().Outputs);
  expect(outputs).toMatch(/"aws s3 ls --recursive s3:\/\/",\{"Ref":"StoreBucket\w+"\},"\/events\/"/);
  expect(outputs).toMatch(/"aws s3 ls --recursive s3:\/\/",\{"Ref":"BufferDeadLetterBucket\w+"\},"\/aws\/lambda\/"/);
  expect(outputs).toMatch(/"aws sqs receive-message --queue-url ",\{"Ref":"BufferDeadLetter\w+"\}/);
  expect(outputs).toMatch(
    /export-credentials.*curl --aws-sigv4 aws:amz:".*execute-api --user .*-d @event\.json https:\/\/",\{"Ref":"ConnectApi\w+"\}/,
  );
});

test('nothing has a physical name, so the stack can be deployed twice in one account', () => {
  const named = Object.values(templateOf().Resources).flatMap(({ Type, Properties = {} }) =>
    Object.keys(Properties)
      .filter(
        (key) =>
          /^(Bucket|Stream|Queue|Function|Role|LogGroup|Alarm)Name$/.test(key) &&
          !/EventSourceMapping/.test(Type) &&
          !/Execution-Logs/.test(JSON.stringify(Properties[key])),
      )
      .map((key) => `${Type}.${key}`),
  );
  expect(named).toEqual([]);
});
