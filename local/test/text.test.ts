import { execFileSync } from 'node:child_process';
import { foldCommand, many } from '../text';

test.each([60, 80, 400])('a command that is copied from %i columns is the same command', (width) => {
  const command = `say -d '{"a":"'$(echo '{"text":"two words","time":"2026-01-31T08:30:00Z"}' | base64 | tr -d '\\n')'"}' http://127.0.0.1:1/here`;
  const said = (text: string) => execFileSync('sh', ['-c', `say() { printf '%s\\n' "$@"; }\n${text}`], { encoding: 'utf8' });
  const [, ...lines] = foldCommand('Send one:', command, width);
  const copied = lines.length > 0 ? lines.join('\n') : foldCommand('', command, width)[0]!;
  expect(said(copied)).toBe(said(command));
});

test('one is not several', () => {
  expect([many(1, 'call'), many(1050, 'call'), many(0, 'row is', 'rows are')]).toEqual(['1 call', '1,050 calls', '0 rows are']);
});
