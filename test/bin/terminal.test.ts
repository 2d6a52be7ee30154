import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What CDKTF uses of it. */
interface Terminal {
  onData(listener: (text: string) => void): void;
  onExit(listener: () => void): void;
}
const {
  spawn,
}: { spawn(file: string, args: readonly string[], options: object): Terminal } = require('@cdktf/node-pty-prebuilt-multiarch');

test('what stands for the terminal of CDKTF runs a command in one', async () => {
  const terminal = spawn('/bin/sh', ['-c', 'test -t 1 && echo a terminal'], {});
  let seen = '';
  terminal.onData((text) => {
    seen += text;
  });
  await new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  expect(seen).toBe('a terminal\r\n');
});

test('its binary fits each version of Node.js: it uses Node-API', () => {
  const from = createRequire(require.resolve('@cdktf/node-pty-prebuilt-multiarch'));
  const binary = from.resolve(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`);
  expect(readFileSync(binary, 'latin1')).toContain('napi_register_module_v1');
});
