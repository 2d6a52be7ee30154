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
/** How many batches Lambda works on at first. Where the queue is long it adds more, up to what the mapping says. */
const CONCURRENCY = 5;

/** Queues. One that a mapping reads is a buffer; every other one holds what could not be processed. */
export const PART: Part<Site> = {
  overrides: () => ['AWS_ENDPOINT_URL_SQS = the stand-in'],

  async open({ stack, integrations, sources, destinations, lookUps, clients, replays }, { folder, pace, witness, keep }): Promise<Opened> {
    const queues = readQueues(stack);
    const place = path.join(folder, 'sqs');
    const buffers = new Set<string>();
    const arrivals = new DeadLetters(lookUps);
    let told = Promise.resolve();
    const tell = async (message: Message) => {
      for (const letter of await arrivals.read(message)) witness.deadLettered(letter);
    };
    const sqs = await Sqs.start(place, [...queues.values()], pace, (message) => {
      if (buffers.has(message.queue)) return;
      told = told.then(() => tell(message)).catch((error: Error) => witness.incident(`${message.file} cannot be read: ${error.message}`));
    });
    keep(async () => {
      await sqs.stop();
      await told;
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
      sources.set(arn, (mapping, target, surroundings) => {
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
          throw new RefusedError(`${mapping.id}.${property}`, 'it is for streams: a queue has its own rule for what fails. Leave it out.');
        }
        const queue: QueueSource = {
          name,
          poll: (most) => sqs.poll(name, most),
          delete: (receipt) => sqs.delete(name, receipt),
          release: (receipt) => sqs.release(name, receipt),
        };
        return new QueueMapping(settings, queue, target, surroundings);
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

/** Settings of a mapping that Lambda takes for streams alone. */
const OF_STREAMS = [
  'BisectBatchOnFunctionError',
  'DestinationConfig.OnFailure.Destination',
  'MaximumRecordAgeInSeconds',
  'MaximumRetryAttempts',
  'ParallelizationFactor',
  'StartingPosition',
];

/** The queues of a stack by their resources. The stack knows their ARNs from now on; their addresses it learns when they are up. */
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
