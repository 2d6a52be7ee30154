// Moves the clock by CLOCK_OFFSET_DAYS, to show that no test depends on the date: in this process, and in each process of Node
// that it starts, whose environment stays as it was.
//
// What takes its time from elsewhere keeps the real one, and none of it may be compared with Date: TLS, which judges
// certificates in C++ (azure/blob/certificate.ts takes the time that TLS takes), the Date header of node:http, the times of
// files, timers, and performance. Kinesalite, the stand-ins and the clients are moved with the process they run in, and
// azurite, Lambda, Functions and the functions framework with theirs, so that their tokens stay good.
const { ChildProcess } = require('node:child_process');

const MOVED = Symbol.for('the clock is moved');
const DAY = 86_400_000;
const days = Number(process.env.CLOCK_OFFSET_DAYS ?? 0);

if (days !== 0) {
  moveDate();
  if (!ChildProcess[MOVED]) {
    ChildProcess[MOVED] = true;
    moveChildren();
    forget();
  }
}

function moveDate() {
  const { now } = Date;
  Date.now = () => now() + days * DAY;
  globalThis.Date = new Proxy(Date, {
    construct: (real, parts, newTarget) => Reflect.construct(real, parts.length === 0 ? [real.now()] : parts, newTarget),
    apply: (real) => new real(real.now()).toString(),
  });
}

function moveChildren() {
  const { spawn } = ChildProcess.prototype;
  ChildProcess.prototype.spawn = function spawnMoved(options) {
    if (options.file === process.execPath) {
      const inherited = options.envPairs.find((pair) => pair.startsWith('NODE_OPTIONS='))?.slice('NODE_OPTIONS='.length) ?? '';
      options.envPairs.push(`NODE_OPTIONS=${inherited} --require ${JSON.stringify(__filename)}`, `CLOCK_OFFSET_DAYS=${days}`);
    }
    return spawn.call(this, options);
  };
}

/** The environment of a process is what it was given. */
function forget() {
  delete process.env.CLOCK_OFFSET_DAYS;
  const own = ` --require ${JSON.stringify(__filename)}`;
  const { NODE_OPTIONS = '' } = process.env;
  if (NODE_OPTIONS === own) delete process.env.NODE_OPTIONS;
  else if (NODE_OPTIONS.endsWith(own)) process.env.NODE_OPTIONS = NODE_OPTIONS.slice(0, -own.length);
}
