// Moves the clock of this process, and of each one that it starts, by CLOCK_OFFSET_DAYS. Timers go as they go.
const child = require('node:child_process');
const { promisify } = require('node:util');

const { CLOCK_OFFSET_DAYS: days } = process.env;
const MOVED = Symbol.for('clock moved');

if (days && !globalThis[MOVED]) {
  const RealDate = Date;
  const now = () => RealDate.now() + Number(days) * 86_400_000;
  globalThis[MOVED] = true;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [now()], made),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
    set: (target, key, value) => Reflect.set(target, key, value),
  });
}

// Whatever environment a test gives to a process, the clock goes along. Jest lets all its tests share this module.
if (days && !child[MOVED]) {
  child[MOVED] = true;
  const moved = (start) =>
    Object.assign(
      (...args) => start(...withClock(args)),
      start[promisify.custom] && { [promisify.custom]: moved(start[promisify.custom]) },
    );
  for (const name of ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync']) child[name] = moved(child[name]);
}

/** The arguments of a call that starts a process, with the clock in the environment of its options. */
function withClock(args) {
  const at = args.findIndex((arg) => typeof arg === 'object' && arg !== null && !Array.isArray(arg));
  if (at === -1) return args;
  const { env = process.env } = args[at];
  const options = [env.NODE_OPTIONS, `--require ${JSON.stringify(__filename)}`].filter(Boolean).join(' ');
  return args.with(at, { ...args[at], env: { CLOCK_OFFSET_DAYS: days, ...env, NODE_OPTIONS: options } });
}
