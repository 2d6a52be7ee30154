import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { type Letter, RefusedError } from '../../platform';
import type { Resource, Stack } from '../../template/stack';
import { reportsFailures } from '../lambda/batch-failures';
import { nameOf, type Site } from '../site';
import { DeadLetters } from './dead-letters';
import { arnOfQueue, type QueueSettings } from './queue';
import { QueueMapping, type QueueSource } from './queue-mapping';
import { type Message, Sqs } from './sqs';

const LONGEST_NAME = 80;
/** The initial number of concurrent batches. Lambda adds more for a long queue, which is not emulated. */
const CONCURRENCY = 5;

/** Queues. A queue that a mapping reads is a buffer. Every other one is a dead-letter queue. */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_SQS = the stand-in'],

  async open({ stack, integrations, sources, destinations, lookUps, clients, replays }, { folder, pace, witness, keep }): Promise<Opened> {
    const queues = readQueues(stack);
    const place = path.join(folder, 'sqs');
    const buffers = new Set<string>();
    const arrivals = new DeadLetters(lookUps);
    let reported = Promise.resolve();
    const report = async (message: Message) => {
      for (const letter of await arrivals.read(message)) witness.deadLettered(letter);
    };
    const sqs = await Sqs.start(place, [...queues.values()], pace, (message) => {
      if (buffers.has(message.queue)) return;
      reported = reported
        .then(() => report(message))
        .catch((error: Error) => witness.incident(`${message.file} cannot be read: ${error.message}`));
    });
    keep(async () => {
      await sqs.stop();
      await reported;
    });
    clients.AWS_ENDPOINT_URL_SQS = sqs.endpoint;
    replays.AWS_ENDPOINT_URL_SQS = sqs.endpoint;
    integrations.set('sqs', {
      target: /^action\/SendMessage$/,
      host: sqs.host,
      headers: () => ({}),
      accepted: (answer) => String(JSON.parse(answer).SendMessageResponse.SendMessageResult.MessageId),
    });
    for (const [id, { name }] of queues) {
      const arn = arnOfQueue(name);
      stack.created(id, { ref: sqs.urlOf(name), attributes: { Arn: arn, QueueName: name } });
      destinations.set(arn, async (message) => void (await sqs.send(name, message)));
      sources.set(arn, (mapping, target, context) => {
        if (buffers.has(name)) throw new RefusedError(mapping.id, `another mapping reads ${name}, and a queue has one reader.`);
        buffers.add(name);
        const settings = {
          batchSize: stack.number(mapping, 'BatchSize', 10),
          windowSeconds: stack.number(mapping, 'MaximumBatchingWindowInSeconds', 0),
          concurrency: Math.min(CONCURRENCY, stack.number(mapping, 'ScalingConfig.MaximumConcurrency', CONCURRENCY)),
          reportsFailures: reportsFailures(stack, mapping),
        };
        for (const property of OF_STREAMS) {
          if (stack.value(mapping, property) === undefined) continue;
          throw new RefusedError(`${mapping.id}.${property}`, 'it is for streams only: a queue has a redrive policy. Leave it out.');
        }
        const queue: QueueSource = {
          name,
          poll: (most) => sqs.poll(name, most),
          delete: (receipt) => sqs.delete(name, receipt),
          release: (receipt) => sqs.release(name, receipt),
        };
        return new QueueMapping(settings, queue, target, context);
      });
    }
    const letters = async () => {
      const reader = new DeadLetters(lookUps);
      const found: Letter[] = [];
      for (const message of sqs.messages()) if (!buffers.has(message.queue)) found.push(...(await reader.read(message)));
      return found;
    };
    const unsettled = () => [...buffers].reduce((sum, name) => sum + sqs.size(name), 0);
    return {
      async begin() {
        const isBuffer = (id: string) => stack.all('AWS::Lambda::EventSourceMapping').some((mapping) => reads(mapping, id));
        const words = [...queues].filter(([id]) => !isBuffer(id)).flatMap(([, { name }]) => ['--dead-letter', sqs.urlOf(name)]);
        return { deadLetter: { place, replay: { settings: replays, words: ['aws', ...words] }, letters }, unsettled };
      },
    };

    function reads(mapping: Resource, id: string): boolean {
      return stack.value(mapping, 'EventSourceArn') === arnOfQueue(queues.get(id)!.name);
    }
  },
};

/** Settings of a mapping that Lambda allows for streams only. */
const OF_STREAMS = [
  'BisectBatchOnFunctionError',
  'DestinationConfig.OnFailure.Destination',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'ParallelizationFactor',
  'StartingPosition',
];

/** Read the queues of a stack, by resource id, and set their ARNs in the stack. Their URLs are set when the server has started. */
export function readQueues(stack: Stack): ReadonlyMap<string, QueueSettings> {
  const names = new Map(stack.all('AWS::SQS::Queue').map((queue) => [queue.id, nameOf(stack, queue, 'QueueName', LONGEST_NAME)]));
  for (const [id, name] of names) stack.created(id, { ref: name, attributes: { Arn: arnOfQueue(name), QueueName: name } });
  const byArn = new Map([...names.values()].map((name) => [arnOfQueue(name), name]));
  return new Map(
    stack.all('AWS::SQS::Queue').map((queue) => {
      const target = 'RedrivePolicy.deadLetterTargetArn';
      const redrive =
        stack.value(queue, 'RedrivePolicy') === undefined
          ? undefined
          : {
              deadLetter: byArn.get(stack.oneOf(queue, target, [...byArn.keys()]))!,
              maxReceives: stack.number(queue, 'RedrivePolicy.maxReceiveCount'),
            };
      return [queue.id, { name: names.get(queue.id)!, visibilitySeconds: stack.number(queue, 'VisibilityTimeout', 30), redrive }];
    }),
  );
}
