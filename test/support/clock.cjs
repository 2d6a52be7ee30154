// Moves the clock of this process, and of each one that it starts, by CLOCK_OFFSET_DAYS. Timers go as they go.
//
// What takes its time from elsewhere keeps the real one, and nothing may compare it with Date: TLS, which judges certificates
// in C++ (local/azure/blob/certificate.ts takes the time that TLS takes), the Date header that node:http adds, the times of files,
// and performance. Stand-ins, kinesalite and clients are moved with the process they run in; azurite, Lambda, Functions and
// the functions framework with their own. So tokens stay good, since whoever makes one and whoever judges it are moved alike.
const child = require('node:child_process');
const { promisify } = require('node:util');

const { CLOCK_OFFSET_DAYS: days } = process.env;
const MOVED = Symbol.for('clock moved');

if (days && !globalThis[MOVED]) {
  const RealDate = Date;
  const { now: read } = RealDate;
  const moved = () => read() + Number(days) * 86_400_000;
  // A test may put another function in its place, and it back.
  let now = moved;
  globalThis[MOVED] = true;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [moved()], made),
    apply: () => new RealDate(moved()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
    set: (target, key, value) => {
      if (key === 'now') now = value;
      return key === 'now' || Reflect.set(target, key, value);
    },
  });
}

// Whatever environment a test gives to a process, the clock goes along. Jest lets all its tests share this module.
if (days && !child[MOVED]) {
  child[MOVED] = true;
  const clocked =
    (start) =>
    (...args) =>
      start(...withClock(args));
  // What was promisified is its own custom promise, so that one level is all there is.
  const moved = (start) =>
    Object.assign(clocked(start), start[promisify.custom] && { [promisify.custom]: clocked(start[promisify.custom]) });
  for (const name of ['spawn', 'spawnSync', 'fork', 'exec', 'execSync', 'execFile', 'execFileSync']) child[name] = moved(child[name]);
}

if (days) forget();

/** A program sees the environment that it was given. */
function forget() {
  delete process.env.CLOCK_OFFSET_DAYS;
  const [own, options] = [`--require ${JSON.stringify(__filename)}`, process.env.NODE_OPTIONS ?? ''];
  if (options === own) delete process.env.NODE_OPTIONS;
  else if (options.endsWith(` ${own}`)) process.env.NODE_OPTIONS = options.slice(0, -own.length - 1);
}

/** The arguments of a call that starts a process, with the clock in the environment of its options. */
function withClock(args) {
  const at = args.findIndex((arg) => typeof arg === 'object' && arg !== null && !Array.isArray(arg));
  if (at === -1) return args;
  const { env = process.env } = args[at];
  const options = [env.NODE_OPTIONS, `--require ${JSON.stringify(__filename)}`].filter(Boolean).join(' ');
  return args.with(at, { ...args[at], env: { CLOCK_OFFSET_DAYS: days, ...env, NODE_OPTIONS: options } });
}
