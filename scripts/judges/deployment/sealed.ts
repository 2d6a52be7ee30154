import { type Message, type Order, rehearse } from './rehearsal';

// The process that deploys, sealed off from the person's environment. It says what happens over its channel.
const stop = new AbortController();
process.on('SIGTERM', () => {
  stop.abort();
  // Whatever it waits for, the server ends when this process does.
  setTimeout(() => process.exit(), 3_000).unref();
});
// Without whoever started this, nobody would ever end it.
process.on('disconnect', () => process.exit());
process.once('message', (order: Order) => {
  const tell = (message: Message) => process.send?.(message);
  void rehearse(order, tell, stop.signal).then(() => process.disconnect());
});
