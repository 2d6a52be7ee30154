// Loaded before everything else in each process with a client of a cloud: every connection to another machine is refused.
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1|\[::1\]|::ffff:127(\.\d+){3})$/;
const ON_DUTY = Symbol.for('nothing leaves this machine');

function refuse(target) {
  console.error(`Refused: ${target} is not on this machine. The local run connects to this machine only.`);
  return Object.assign(new Error(`${target} is not on this machine`), { code: 'ECONNREFUSED' });
}

/** The host of a call of `connect`: (options), (port, host) or (path), or, from within Node, one list of these. */
function hostOf([first, second]) {
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first === 'object' && first !== null) return first.path ? 'localhost' : (first.host ?? 'localhost');
  return typeof second === 'string' ? second : 'localhost';
}

function askersOf(object) {
  return Object.getOwnPropertyNames(object).filter((name) => /^(resolve|reverse)/.test(name));
}

function standGuard() {
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function connectOnThisMachine(...args) {
    const host = hostOf(args);
    if (LOOPBACK.test(host)) return connect.apply(this, args);
    const error = refuse(host);
    process.nextTick(() => this.destroy(error));
    return this;
  };

  const { lookup } = dns;
  const isKnown = (host) => !host || net.isIP(host) || LOOPBACK.test(host);
  dns.lookup = (host, ...rest) => {
    if (isKnown(host)) return lookup(host, ...rest);
    process.nextTick(rest.at(-1), refuse(host));
    return {};
  };
  const { lookup: lookupLater } = dns.promises;
  dns.promises.lookup = async (host, options) => {
    if (!isKnown(host)) throw refuse(host);
    return lookupLater(host, options);
  };
  for (const asker of [dns, dns.Resolver.prototype]) {
    for (const name of askersOf(asker)) asker[name] = (host, ...rest) => process.nextTick(rest.at(-1), refuse(host));
  }
  for (const asker of [dns.promises, dns.promises.Resolver.prototype]) {
    for (const name of askersOf(asker)) {
      asker[name] = async (host) => {
        throw refuse(host);
      };
    }
  }

  dgram.Socket.prototype.send = (...args) => {
    const error = refuse('the address of a datagram');
    if (typeof args.at(-1) === 'function') process.nextTick(args.at(-1), error);
  };
}

if (!net[ON_DUTY]) {
  net[ON_DUTY] = true;
  standGuard();
}
