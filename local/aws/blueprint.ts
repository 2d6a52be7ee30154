import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { type Blueprint, type Letter, type Platform, type ReadBlueprint, type Receipt, RefusedError, type Surroundings } from '../platform';
import { type Assembly, readAssembly } from '../template/assembly';
import { Stack } from '../template/stack';
import { ApiGateway } from './api-gateway/api-gateway';
import { nameApi, readApi } from './api-gateway/api-gateway-settings';
import { Sender } from './api-gateway/sender';
import { coverageOf } from './coverage';
import { EventSourceMapping } from './kinesis/event-source-mapping';
import { KinesisStream } from './kinesis/kinesis';
import { Unsettled } from './kinesis/unsettled';
import { LambdaFunction, type Overrides } from './lambda/lambda';
import { nameQueues, readBuckets, readFunction, readMapping, readQueues, readStream } from './pipeline';
import { rowsOf } from './s3/rows';
import { S3 } from './s3/s3';
import { DeadLetters } from './sqs/dead-letters';
import { type Message, Sqs } from './sqs/sqs';

/** Nobody listens there. A client that no stand-in exists for fails at once, and never leaves this machine. */
const NOWHERE = 'http://127.0.0.1:9';

/** What seals the process of the function: no file and no service may hand it credentials. */
const SEALED: Overrides = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: NOWHERE,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** API Gateway, Kinesis, Lambda, S3 and SQS, as a cloud assembly of the CDK describes them. */
export const readAws: ReadBlueprint = async (folder) => {
  const assembly = readAssembly(folder);
  const coverage = coverageOf(assembly.stackName, assembly.template);
  const runtimes = Object.values(assembly.template.Resources ?? {}).flatMap(({ Type, Properties }) =>
    Type === 'AWS::Lambda::Function' ? [String(Properties?.Runtime)] : [],
  );
  return {
    coverage,
    overrides: [
      ...runtimes.map((runtime) => `${runtime} runs on Node ${process.versions.node}`),
      'AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS = the stand-ins',
      `AWS_ENDPOINT_URL = ${NOWHERE}, where nobody listens`,
      'AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE = /dev/null',
      'AWS_EC2_METADATA_DISABLED, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = true',
    ],
    start: async (surroundings) => {
      const refused = coverage.find(({ treatment }) => treatment === 'refused');
      if (refused)
        throw new RefusedError([refused.resource, refused.property].filter(Boolean).join('.'), `${refused.type}: ${refused.why}`);
      const stops: (() => Promise<void>)[] = [];
      const stop = async () => {
        for (const end of stops.splice(0).reverse()) await end();
      };
      try {
        return await start(assembly, surroundings, stops, stop);
      } catch (error) {
        await stop();
        throw error;
      }
    },
  } satisfies Blueprint;
};

/** `stops` is told of everything that must end, in the order in which it was started. */
async function start(
  { stackName, template, asset }: Assembly,
  { folder, witness, chaos, pace }: Surroundings,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Platform> {
  const stack = new Stack(stackName, template);
  const places = { store: path.join(folder, 's3'), deadLetter: path.join(folder, 'sqs'), code: path.join(folder, 'function') };
  const buckets = readBuckets(stack);
  const queues = readQueues(stack);
  nameApi(stack);
  const unsettled = new Unsettled();

  const stream = await KinesisStream.start(readStream(stack));
  stops.push(() => stream.stop());
  const api = await ApiGateway.start(readApi(stack), stream.host, (position) => unsettled.add(position));
  stops.push(() => api.stop());

  const lookUp = stream.between.bind(stream);
  const arrivals = new DeadLetters(lookUp);
  let told = Promise.resolve();
  const tell = async (message: Message) => {
    for (const letter of await arrivals.read(message)) witness.deadLettered(letter);
  };
  const sqs = await Sqs.start(places.deadLetter, [...queues.values()], pace, (message) => {
    told = told.then(() => tell(message)).catch((error: Error) => witness.incident(`${message.file} cannot be read: ${error.message}`));
  });
  stops.push(async () => {
    await sqs.stop();
    await told;
  });
  nameQueues(stack, queues, (queue) => sqs.urlOf(queue));

  let lambda: LambdaFunction | undefined;
  const s3 = await S3.start(places.store, buckets, {
    fate: (object) => chaos.write(rowsOf(object).map(({ text }) => text)),
    stored: (object) => witness.stored(rowsOf(object)),
    strike: (fate, accessKeyId) => (fate === 'stall' ? lambda?.stall(accessKeyId) : void lambda?.kill(accessKeyId)),
  });
  stops.push(() => s3.stop());

  const settings = readFunction(stack);
  await unpack(asset(settings.code.bucket, settings.code.key), places.code);
  const overrides = { ...SEALED, AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_ENDPOINT_URL_SQS: sqs.endpoint };
  lambda = new LambdaFunction(settings, { folder: places.code, overrides, pace, witness });
  const { onFailure, ...mappingSettings } = readMapping(stack, {
    streamArn: stream.arn,
    functionName: settings.name,
    queues: queues.values(),
  });
  const mapping = new EventSourceMapping(mappingSettings, {
    source: stream,
    functionArn: lambda.arn,
    pace,
    chaos,
    witness,
    invoke: (payload) => lambda.invoke(payload),
    onFailure: onFailure === undefined ? undefined : async (message) => void (await sqs.send(onFailure, message)),
    settled: (positions) => unsettled.remove(positions),
  });
  stops.push(async () => {
    const stopped = mapping.stop();
    await lambda.stop();
    await stopped;
  });
  await lambda.warmUp();
  await mapping.start();

  const sender = new Sender(api.url, pace);
  stops.push(async () => sender.stop());
  return {
    places: {
      send: `curl -H 'content-type: application/json' -d @event.json ${api.url}`,
      store: places.store,
      deadLetter: places.deadLetter,
    },
    send: (body): Promise<Receipt> => sender.send(body),
    unsettled: () => unsettled.count,
    rows: async () => (await s3.objects()).flatMap(rowsOf),
    letters: async () => {
      const reader = new DeadLetters(lookUp);
      const letters: Letter[] = [];
      for (const message of await sqs.messages()) letters.push(...(await reader.read(message)));
      return letters;
    },
    stop,
  };
}

async function unpack(zip: string, folder: string): Promise<void> {
  for (const [name, content] of Object.entries(unzipSync(await readFile(zip)))) {
    const file = path.join(folder, name);
    if (!file.startsWith(folder + path.sep)) throw new RefusedError(zip, `it holds ${name}, which lies outside of it.`);
    await mkdir(path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) await writeFile(file, content);
  }
}
