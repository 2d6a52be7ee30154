import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type FunctionSettings, LambdaFunction } from '../../../aws/lambda/lambda';
import { Pace } from '../../../pace';
import { temporaryFolder } from '../../folder';

const functions: LambdaFunction[] = [];
afterEach(async () => {
  for (const one of functions.splice(0)) await one.stop();
});

/** A function with this code, and what it reports. */
function make(code: string, settings: Partial<FunctionSettings> = {}, pace = new Pace()) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'index.js'), code);
  const seen = { logs: [] as string[], incidents: [] as string[] };
  const made = new LambdaFunction(
    {
      name: 'my-function',
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      memoryMiB: 256,
      timeoutSeconds: 30,
      logFormat: 'JSON',
      logLevel: 'INFO',
      variables: { STORE_BUCKET: 'lake' },
      ...settings,
    },
    {
      folder,
      overrides: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
      pace,
      witness: { incident: (text) => seen.incidents.push(text), log: (line) => seen.logs.push(line) },
    },
  );
  functions.push(made);
  const call = async (event: unknown = {}) => {
    const end = await made.invoke(JSON.stringify(event));
    return 'payload' in end ? JSON.parse(end.payload) : end.error;
  };
  return { made, call, folder, ...seen };
}

test('the function gets the variables of the template, of Lambda and of the overrides, and none of this process', async () => {
  process.env.MY_SECRET = 'secret';
  const { call, folder } = make('exports.handler = async () => process.env');
  expect(await call()).toEqual({
    STORE_BUCKET: 'lake',
    AWS_ACCESS_KEY_ID: 'LOCALPROCESS00000001',
    AWS_SECRET_ACCESS_KEY: 'nothing',
    AWS_SESSION_TOKEN: 'nothing',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_FUNCTION_NAME: 'my-function',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'INFO',
    AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    AWS_REGION: 'eu-west-1',
    LAMBDA_TASK_ROOT: folder,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    _HANDLER: 'index.handler',
    _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
  });
});

test('a call gets its event and its context, in a process that is reused', async () => {
  const { call } = make(`
    let calls = 0;
    exports.handler = async (event, context) => ({
      event, call: ++calls, left: context.getRemainingTimeInMillis() > 20_000, arn: context.invokedFunctionArn,
    });`);
  const arn = 'arn:aws:lambda:eu-west-1:000000000000:function:my-function';
  expect(await call({ a: 'ü' })).toEqual({ event: { a: 'ü' }, call: 1, left: true, arn });
  expect(await call()).toMatchObject({ call: 2 });
});

test('concurrent calls run in separate processes', async () => {
  const { call } = make('exports.handler = () => new Promise((resolve) => setTimeout(() => resolve(process.pid), 100))');
  const pids = await Promise.all([call(), call()]);
  expect(new Set(pids).size).toBe(2);
  expect(pids).toContain(await call());
});

test.each<[string, string, string | RegExp, seconds?: number]>([
  ['throws', 'throw new TypeError("no such thing")', 'TypeError: no such thing'],
  ['exits', 'process.exit(3)', 'Runtime.ExitError: Runtime exited with error: exit status 3'],
  ['has an uncaught error', 'setImmediate(() => { throw new Error("late") }); await new Promise(() => {})', /exit status 1$/],
  [
    'uses more memory than its limit',
    'const all = []; for (;;) all.push(new Array(1e6).fill(0.5))',
    /Runtime exited with error: signal: SIG/,
  ],
  ['takes longer than its timeout', 'await new Promise((resolve) => setTimeout(resolve, 20_000))', 'Task timed out after 1.00 seconds', 1],
])('a function that %s has failed, and the next call is served', async (_, code, error, timeoutSeconds = 30) => {
  const { call } = make(`exports.handler = async ({ bad }) => { if (bad) { ${code} } return 'well'; }`, {
    timeoutSeconds,
    memoryMiB: 64,
  });
  expect(await call({ bad: true })).toMatch(error);
  expect(await call()).toBe('well');
});

test.each<[string, string, Partial<FunctionSettings>, string]>([
  ['whose code throws', 'throw new Error("The setting STORE_BUCKET is missing.")', {}, 'Error: The setting STORE_BUCKET is missing.'],
  ['without its handler', 'exports.other = 1', {}, 'Runtime.HandlerNotFound: index.handler is undefined or not exported'],
  ['without its file', '', { handler: 'main.handler' }, 'Error: Cannot find module'],
])('a function %s cannot start, and says why', async (_, code, settings, message) => {
  const { made } = make(code, settings);
  await expect(made.warmUp()).rejects.toThrow(message);
  expect(await made.invoke('{}')).toMatchObject({ error: expect.stringContaining(message) });
});

test('a process that hangs is ended after its scaled timeout; one that is killed ends at once', async () => {
  const code =
    'exports.handler = async ({ wait }) => { console.log("here"); if (wait) await new Promise(() => {}); return process.env.AWS_ACCESS_KEY_ID; }';
  const { made, call, logs, incidents } = make(code, { timeoutSeconds: 60 }, new Pace(600));
  const here = async (lines: number) => {
    while (logs.length < lines) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const stalled = call({ wait: true });
  await here(1);
  made.stall('LOCALPROCESS00000001');
  expect(await stalled).toBe('Task timed out after 60.00 seconds');

  const killed = call({ wait: true });
  await here(2);
  await made.kill('LOCALPROCESS00000002');
  expect(await killed).toBe('Runtime.ExitError: Runtime exited with error: signal: SIGKILL');
  expect(await call()).toBe('LOCALPROCESS00000003');
  expect(incidents).toHaveLength(2);
});

test('a JSON log has one line for each console call, from the configured level', async () => {
  const { call, logs } = make(`exports.handler = async () => {
    console.debug('unheard');
    console.info({ message: 'settled', records: 2 });
    console.error('broken', 1, new Error('why'));
  }`);
  await call();
  const [info, error] = logs.map((line) => JSON.parse(line));
  expect(logs).toHaveLength(2);
  expect(info).toMatchObject({ level: 'INFO', message: { message: 'settled', records: 2 }, requestId: expect.any(String) });
  expect(error).toMatchObject({ level: 'ERROR', message: expect.stringContaining('broken 1 Error: why') });
});
