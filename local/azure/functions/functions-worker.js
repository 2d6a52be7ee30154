// The process of a function app. Like Microsoft's worker for Node.js, it provides the module `@azure/functions-core`, loads the
// app, sends its registrations, and runs invocations with the code of the library.
const Module = require('node:module');
const path = require('node:path');

const registered = new Map();
let model;

const core = {
  version: '4.0.0',
  hostVersion: '4.0.0',
  setProgrammingModel: (programmingModel) => {
    model = programmingModel;
  },
  getProgrammingModel: () => model,
  registerFunction: (metadata, callback) => {
    registered.set(metadata.name, { metadata, callback });
    return { dispose: () => registered.delete(metadata.name) };
  },
  registerHook: (name) => {
    throw new Error(`The hook ${name} is not emulated here.`);
  },
  log: (_level, _category, message) => console.log(message),
};

const load = Module._load;
Module._load = (request, ...rest) => (request === '@azure/functions-core' ? core : load(request, ...rest));

async function invoke({ name, invocationId, request }) {
  const { metadata, callback } = registered.get(name);
  const log = (_level, _category, message) => console.log(message);
  const invocation = model.getInvocationModel({ invocationId, metadata, request, log });
  const { context, inputs } = await invocation.getArguments();
  await invocation.invokeFunction(context, inputs, callback);
}

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  const { invocationId } = message;
  invoke(message).then(
    () => process.send({ invocationId }),
    (error) => process.send({ invocationId, error: String(error) }),
  );
});

try {
  const folder = process.cwd();
  const { main } = require(path.join(folder, 'package.json'));
  require(path.join(folder, main));
  process.send({ registered: [...registered.values()].map(({ metadata }) => metadata) });
} catch (error) {
  process.send({ failed: error instanceof Error ? error.message : String(error) });
}
