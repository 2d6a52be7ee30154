// Loaded before the functions framework, which would listen on every address of this machine. It says over its channel where
// it listens instead of on PORT, and ends with whoever started it.
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  if (String(port) !== process.env.PORT) return listen.call(this, port, ...rest);
  this.once('listening', () => process.send(this.address().port));
  return listen.call(this, { port: 0, host: '127.0.0.1' }, ...rest);
};

process.on('disconnect', () => process.exit());
process.channel.unref();
