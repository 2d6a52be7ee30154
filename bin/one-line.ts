/** Run; on a fault say so in one line and end with exit code 1. `DEBUG=1` shows where it came from. */
export function orOneLine(run: () => void) {
  try {
    run();
  } catch (error) {
    say(error);
  }
}

/** The same for a command that takes its time, and ends with the exit code that it gives. One that is not understood ends with 2. */
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

/** Whether Node could not read the command line. */
function isMisunderstood({ code }: Fault): boolean {
  return code?.startsWith('ERR_PARSE_ARGS') === true;
}

function lineOf(error: Fault): string {
  const { message, code, path, dest = path } = error;
  // Node goes on with how to call a file that is named like an option.
  if (isMisunderstood(error)) return `${message.replace(/\.( To specify .*)?$/s, '')}. See --help.`;
  if (code && dest) return `${dest} cannot be written: ${message.split(',')[0]}. Make it writable, or move what is in the way.`;
  // Nobody wrote these for a person to read.
  if (error instanceof TypeError || error instanceof ReferenceError) return `${message}. DEBUG=1 shows where it came from.`;
  return message;
}
