import { readAws } from '../../../aws/blueprint';
import { CALM } from '../../../chaos';
import type { Sample } from '../../../corpus';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';
import { asItCame } from '../../stand-in-platform';
import { runOnce, SILENT } from '../../support';
import { queueAssembly } from '../sqs/queue-platform';

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const subscription = (Endpoint: unknown, more: object = {}) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: {
    TopicArn: { Ref: 'Topic' },
    Protocol: 'sqs',
    Endpoint,
    RawMessageDelivery: true,
    FilterPolicyScope: 'MessageBody',
    RedrivePolicy: { deadLetterTargetArn: arn('DeadLetter') },
    ...more,
  },
});

/** API Gateway publishes to a topic, and a second function stores the alerts of a second queue. */
function topicAssembly(edit: (resources: any) => void = () => {}): string {
  return queueAssembly((resources) => {
    const { Integration } = resources.Post.Properties;
    Integration.Uri['Fn::Join'][1][4] = ':sns:action/Publish';
    const text = ['Action=Publish&Version=2010-03-31&TopicArn=', { Ref: 'Topic' }, '&Message=$util.urlEncode($input.body)'];
    Integration.RequestTemplates['application/json'] = { 'Fn::Join': ['', text] };
    Integration.IntegrationResponses[0].ResponseTemplates['application/json'] =
      `{"MessageId":$input.json('$.PublishResponse.PublishResult.MessageId')}`;
    const copy = (id: string) => JSON.parse(JSON.stringify(resources[id]).replace(/"(Queue|DeadLetter|Bucket|Function)"/g, '"$1Two"'));
    for (const id of ['Queue', 'DeadLetter', 'Bucket', 'Function', 'Mapping']) resources[`${id}Two`] = copy(id);
    resources.Topic = { Type: 'AWS::SNS::Topic' };
    resources.All = subscription(arn('Queue'));
    resources.Alerts = subscription(arn('QueueTwo'), { FilterPolicy: { type: ['alert'] } });
    edit(resources);
  });
}

const event = (id: string, type: string): Sample => ({ kind: id, body: Buffer.from(JSON.stringify({ id, source: '/s', type })) });
const samples = [event('1', 'alert'), event('2', 'other'), { kind: 'no event', body: Buffer.from('{"type":"alert"}') }];

test('each subscriber stores what it gets, and what is not an event is in the dead letter of each', async () => {
  const { balance } = await runOnce({ make: asItCame, cloud: 'aws', folder: topicAssembly(), samples, pace: 2000 });
  expect(balance).toMatchObject({ accepted: 3, stored: 2, deadLettered: { TypeError: 1 }, inBoth: 0, duplicatesRemoved: 0, faults: [] });
});

test('a subscriber whose function loses events is found', async () => {
  const folder = topicAssembly(({ FunctionTwo }) => (FunctionTwo.Properties.Environment.Variables.STORE_BUCKET = { Ref: 'Bucket' }));
  const { balance } = await runOnce({ make: asItCame, cloud: 'aws', folder, samples, pace: 2000 });
  expect(balance.faults.length).toBeGreaterThan(0);
});

test('topics whose subscribers all have a filter are refused', async () => {
  const folder = topicAssembly(({ All }) => (All.Properties.FilterPolicy = { type: ['other'] }));
  const { start } = await readAws(folder);
  await expect(start({ folder: temporaryFolder(), witness: SILENT, chaos: CALM, pace: new Pace(2000) })).rejects.toThrow(
    'AWS::SNS::Subscription: each has a filter, so an event that is dropped cannot be told from one that is lost.',
  );
});
