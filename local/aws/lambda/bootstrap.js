'use strict';

/*
 * The Lambda runtime in the process of the function: it loads the handler, gets calls from the Runtime API, and sends the
 * responses. It is JavaScript, because Node.js runs it directly, from the folder of the bundle.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
const http = require('node:http');
const path = require('node:path');
const { inspect } = require('node:util');

// The parent process has ended.
process.on('disconnect', () => process.exit(1));

const { AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const agent = new http.Agent({ keepAlive: true });
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(':');
let requestId;

function call(method, resource, body) {
  return new Promise((resolve, reject) => {
    const options = { agent, host, port, method, path: `/2018-06-01/runtime/${resource}`, headers: { 'content-type': 'application/json' } };
    const request = http.request(options, (response) => {
      response.toArray().then((chunks) => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }), reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function faultOf(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

const LEVELS = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };

/** The JSON format of Lambda's logs: one line for each call. */
function logInJson() {
  const ranks = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const lowest = ranks.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO');
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method] = (...parts) => {
      if (ranks.indexOf(level) < lowest) return;
      const message = parts.length === 1 && typeof parts[0] === 'object' ? parts[0] : parts.map(asText).join(' ');
      const plain = (_, value) => (value instanceof Error ? { ...faultOf(value), ...value } : value);
      process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, requestId, message }, plain)}\n`);
    };
  }
}

function asText(part) {
  return typeof part === 'string' ? part : inspect(part);
}

async function load() {
  const place = path.join(LAMBDA_TASK_ROOT, _HANDLER);
  const dot = place.lastIndexOf('.');
  const loaded = require(place.slice(0, dot));
  const handler = (await loaded)[place.slice(dot + 1)];
  if (typeof handler !== 'function')
    throw Object.assign(new Error(`${_HANDLER} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' });
  return handler;
}

async function main() {
  if (process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON') logInJson();
  let handler;
  try {
    handler = await load();
  } catch (error) {
    console.error(error);
    await call('POST', 'init/error', JSON.stringify(faultOf(error)));
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    requestId = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    const deadline = Number(headers['lambda-runtime-deadline-ms']);
    const context = {
      awsRequestId: requestId,
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      functionName: AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: '$LATEST',
      memoryLimitInMB: AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      const answer = await handler(JSON.parse(body), context);
      await call('POST', `invocation/${requestId}/response`, JSON.stringify(answer === undefined ? null : answer));
    } catch (error) {
      console.error(error);
      await call('POST', `invocation/${requestId}/error`, JSON.stringify(faultOf(error)));
    }
  }
}

void main();
