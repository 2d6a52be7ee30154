import { readFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import type { Opened, Part } from '../../parts';
import { RefusedError } from '../../platform';
import type { Resource, Stack } from '../../template/stack';
import { unpack } from '../../unpack';
import { nameOf, type Site } from '../site';
import { arnOfFunction, type FunctionSettings, LambdaFunction } from './lambda';

/** A port without a server. A client of a service that is not emulated fails at once, and sends nothing to another machine. */
const NOWHERE = 'http://127.0.0.1:9';

/** Variables that keep credentials in files and of services away from the process of a function. */
const SEALED: Readonly<Record<string, string>> = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ENDPOINT_URL: NOWHERE,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

const LONGEST_NAME = 64;

/** Functions, each in its own processes, and event source mappings. */
export const PART: Part<Site> = {
  overrides: ({ stack }) => [
    ...new Set(
      stack.all('AWS::Lambda::Function').map(({ properties }) => `${String(properties.Runtime)} runs on Node ${process.versions.node}`),
    ),
    `AWS_ENDPOINT_URL = ${NOWHERE}, a port without a server`,
    'AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE = /dev/null',
    'AWS_EC2_METADATA_DISABLED, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = true',
  ],

  async open({ stack, asset, sources, clients, writers, called }, { folder, pace, chaos, witness, keep }): Promise<Opened> {
    const names = new Map(
      stack.all('AWS::Lambda::Function').map((resource) => {
        const name = nameOf(stack, resource, 'FunctionName', LONGEST_NAME);
        stack.created(resource.id, { ref: name, attributes: { Arn: arnOfFunction(name) } });
        return [name, resource] as const;
      }),
    );
    const start = async (name: string, resource: Resource): Promise<LambdaFunction> => {
      const { code, ...settings } = readFunction(stack, resource, name);
      const zip = asset(code.bucket, code.key);
      const place = unpack(unzipSync(readFileSync(zip)), path.join(folder, 'functions', name), zip);
      const keys = writers.length === 0 ? undefined : `LOCALPROCESS${writers.length}X`;
      const lambda = new LambdaFunction({ ...settings, keys }, { folder: place, overrides: { ...SEALED, ...clients }, pace, witness });
      writers.push(lambda);
      return lambda;
    };

    return {
      async begin() {
        const mappings = stack.all('AWS::Lambda::EventSourceMapping').map((resource) => {
          const named = [...names.keys()].flatMap((name) => [name, arnOfFunction(name)]);
          const name = stack.oneOf(resource, 'FunctionName', named).split(':').at(-1)!;
          return { resource, name, source: sources.get(stack.oneOf(resource, 'EventSourceArn', [...sources.keys()]))! };
        });
        for (const [name, resource] of names) {
          const own = mappings.filter((mapping) => mapping.name === name);
          const caller = called.get(resource.id);
          if (own.length === 0 && !caller) throw new RefusedError(resource.id, 'it has no event source mapping.');
          const lambda = await start(name, resource);
          const pollers = own.map(({ resource: mapping, source }) => source(mapping, lambda, { pace, chaos, witness }));
          keep(async () => {
            const stopped = pollers.map((poller) => poller.stop());
            await lambda.stop();
            await Promise.all(stopped);
          });
          await lambda.warmUp();
          caller?.start(lambda);
          for (const poller of pollers) await poller.start();
        }
        return {};
      },
    };
  },
};

/** Read a function. Call it after the names of all resources that its variables refer to are set. */
function readFunction(
  stack: Stack,
  resource: Resource,
  name: string,
): FunctionSettings & { readonly code: { readonly bucket: string; readonly key: string } } {
  const level = 'LoggingConfig.ApplicationLogLevel';
  return {
    name,
    runtime: stack.string(resource, 'Runtime'),
    handler: stack.string(resource, 'Handler'),
    memoryMiB: stack.number(resource, 'MemorySize', 128),
    timeoutSeconds: stack.number(resource, 'Timeout', 3),
    logFormat: stack.value(resource, 'LoggingConfig.LogFormat') === 'JSON' ? 'JSON' : 'Text',
    logLevel: stack.value(resource, level) === undefined ? undefined : stack.string(resource, level),
    variables: stack.texts(resource, 'Environment.Variables'),
    code: { bucket: stack.string(resource, 'Code.S3Bucket'), key: stack.string(resource, 'Code.S3Key') },
  };
}
