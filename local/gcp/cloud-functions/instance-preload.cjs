// Loaded before the functions framework, which would listen on every address of this machine. With this, it listens on a free
// port of loopback instead of PORT, sends that port to its parent process, and exits when the parent process ends.
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(port, ...rest) {
  if (String(port) !== process.env.PORT) return listen.call(this, port, ...rest);
  this.once('listening', () => process.send(this.address().port));
  return listen.call(this, { port: 0, host: '127.0.0.1' }, ...rest);
};

process.on('disconnect', () => process.exit());
process.channel.unref();
