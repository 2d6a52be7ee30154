/** Run a command. An error is printed in one line, and the exit code is 1. `DEBUG=1` prints the stack trace. */
export function orOneLine(run: () => void) {
  try {
    run();
  } catch (error) {
    say(error);
  }
}

/** The same for an asynchronous command that returns its exit code. An invalid command line gives exit code 2. */
export async function exitWith(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    say(error);
    if (isMisunderstood(error as Fault)) process.exitCode = 2;
  }
}

function say(error: unknown) {
  console.error(error instanceof Error && !process.env.DEBUG ? lineOf(error) : error);
  process.exitCode = 1;
}

interface Fault extends Error {
  readonly code?: string;
  readonly path?: string;
  readonly dest?: string;
}

/** Whether Node could not parse the command line. */
function isMisunderstood({ code }: Fault): boolean {
  return code?.startsWith('ERR_PARSE_ARGS') === true;
}

function lineOf(error: Fault): string {
  const { message, code, path, dest = path } = error;
  // Without Node's hint about files that are named like an option.
  if (isMisunderstood(error)) return `${message.replace(/\.( To specify .*)?$/s, '')}. See --help.`;
  if (code && dest) return `${dest} cannot be written: ${message.split(',')[0]}. Make it writable, or move the existing file.`;
  // Programming errors: the message alone does not help.
  if (error instanceof TypeError || error instanceof ReferenceError) return `${message}. DEBUG=1 prints the stack trace.`;
  return message;
}
