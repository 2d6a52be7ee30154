import { exitWith, orOneLine } from '../../bin/one-line';

/** What a person sees of a fault, and the exit code that goes with it. */
function told(run: () => void): [string, unknown] {
  const said: string[] = [];
  const error = jest.spyOn(console, 'error').mockImplementation((line) => void said.push(line));
  try {
    orOneLine(run);
    return [said.join('\n'), process.exitCode];
  } finally {
    process.exitCode = undefined;
    error.mockRestore();
  }
}

const throwing = (error: unknown) => () => {
  throw error;
};

test('nothing is said of what goes well', () => expect(told(() => {})).toEqual(['', undefined]));

test('a refusal is said as it stands', () => expect(told(throwing(new Error('Stack: no.')))).toEqual(['Stack: no.', 1]));

test.each([
  [
    'a folder that may not be written',
    throwing(Object.assign(new Error("EACCES: permission denied, mkdir '/cdk.out'"), { code: 'EACCES', path: '/cdk.out' })),
    '/cdk.out cannot be written: EACCES: permission denied. Make it writable, or move the existing file.',
  ],
  [
    'a copy that may not be written',
    throwing(Object.assign(new Error("EROFS: read-only file system, copyfile '/a' -> '/b'"), { code: 'EROFS', path: '/a', dest: '/b' })),
    '/b cannot be written: EROFS: read-only file system. Make it writable, or move the existing file.',
  ],
])('%s is said by its place', (_, run, line) => expect(told(run)).toEqual([line, 1]));

test('a fault in the code says how to find it', () =>
  expect(told(() => (undefined as any).node)).toEqual([
    "Cannot read properties of undefined (reading 'node'). DEBUG=1 prints the stack trace.",
    1,
  ]));

const misunderstood = Object.assign(new Error("Unknown option '--fast'. To specify a positional argument, say so."), {
  code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION',
});

test.each<[string, () => Promise<number>, number, string]>([
  ['ends with the exit code that it gives', async () => 3, 3, ''],
  ['that fails ends with 1', async () => throwing(new Error('no.'))(), 1, 'no.'],
  ['that is not understood ends with 2', async () => throwing(misunderstood)(), 2, "Unknown option '--fast'. See --help."],
])('a command %s', async (_, run, code, line) => {
  const error = jest.spyOn(console, 'error').mockImplementation(() => {});
  await exitWith(run);
  expect(process.exitCode).toBe(code);
  expect(String(error.mock.calls[0]?.[0] ?? '')).toBe(line);
  process.exitCode = undefined;
  error.mockRestore();
});
