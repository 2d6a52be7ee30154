import { hashOf } from '../../contents';
import type { Opened, Part } from '../../parts';
import { RefusedError } from '../../platform';
import type { Stack } from '../../template/stack';
import { nameOf, type Site } from '../site';
import { arnOfQueue } from '../sqs/queue';
import { arnOfTopic, Sns, type SubscriptionSettings } from './sns';

const LONGEST_NAME = 256;
const SUBSCRIPTION = 'AWS::SNS::Subscription';

/** Topics. Each subscriber is a queue, and must have every event that its filter takes: a branch of the balance. */
export const PART: Part<Site> = {
  async open({ stack, integrations, destinations }, { keep }): Promise<Opened> {
    const topics = stack.all('AWS::SNS::Topic').map((topic) => {
      const name = nameOf(stack, topic, 'TopicName', LONGEST_NAME);
      stack.created(topic.id, { ref: arnOfTopic(name), attributes: { TopicArn: arnOfTopic(name), TopicName: name } });
      return name;
    });
    const subscriptions: SubscriptionSettings[] = [];
    /** The hashes of the events that each queue got. */
    const took = new Map<string, Set<string>>();
    const sns = await Sns.start(topics, subscriptions, (message, queues) => {
      for (const queue of queues) took.get(queue)!.add(hashOf(message));
    });
    keep(() => sns.stop());
    integrations.set('sns', {
      target: /^action\/Publish$/,
      host: sns.host,
      headers: () => ({}),
      accepted: (answer) => String(JSON.parse(answer).PublishResponse.PublishResult.MessageId),
    });
    return {
      async begin() {
        for (const subscription of stack.all(SUBSCRIPTION)) {
          const arn = stack.oneOf(subscription, 'Endpoint', [...destinations.keys()]);
          const queue = endOf(arn);
          took.set(queue, new Set());
          subscriptions.push({
            topic: stack.oneOf(subscription, 'TopicArn', topics.map(arnOfTopic)),
            queue,
            filter: stack.value(subscription, 'FilterPolicy'),
            deliver: (message) => destinations.get(arn)!(message, ''),
          });
        }
        if (subscriptions.every(({ filter }) => filter !== undefined)) {
          throw new RefusedError(SUBSCRIPTION, 'each has a filter, so an event that is dropped cannot be told from one that is lost.');
        }
        const branches = subscriptions.map(({ queue }) => {
          const places = placesOf(stack, queue);
          return {
            name: queue,
            takes: (hash: string) => took.get(queue)!.has(hash),
            has: (place: string) => place.split(/[/\\ ]/).some((part) => places.has(part)),
          };
        });
        return { branches };
      },
    };
  },
};

/** The names of the dead letter of a queue, and of the stores of the function that reads it, as they are in the places of rows. */
function placesOf(stack: Stack, queue: string): ReadonlySet<string> {
  const named = (type: string, property: string, longest: number, names: readonly string[]) =>
    stack.all(type).filter((resource) => names.includes(nameOf(stack, resource, property, longest)));
  const deadLetters = named('AWS::SQS::Queue', 'QueueName', 80, [queue]).map((one) =>
    endOf(stack.string(one, 'RedrivePolicy.deadLetterTargetArn')),
  );
  const readers = stack
    .all('AWS::Lambda::EventSourceMapping')
    .filter((mapping) => stack.value(mapping, 'EventSourceArn') === arnOfQueue(queue))
    .map((mapping) => endOf(stack.string(mapping, 'FunctionName')));
  const stores = named('AWS::Lambda::Function', 'FunctionName', 64, readers)
    .flatMap((one) => Object.entries(stack.texts(one, 'Environment.Variables')))
    .filter(([name]) => /_(BUCKET|TABLE)$/.test(name))
    .map(([, value]) => value);
  return new Set([...deadLetters, ...stores]);
}

function endOf(arn: string): string {
  return arn.split(':').at(-1)!;
}
