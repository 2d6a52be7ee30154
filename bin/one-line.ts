/** Run; on a fault say so in one line and end with exit code 1. `DEBUG=1` shows where it came from. */
export function orOneLine(run: () => void) {
  try {
    run();
  } catch (error) {
    console.error(error instanceof Error && !process.env.DEBUG ? lineOf(error) : error);
    process.exitCode = 1;
  }
}

function lineOf(error: Error & { readonly code?: string; readonly path?: string; readonly dest?: string }): string {
  const { message, code, path, dest = path } = error;
  if (code && dest) return `${dest} cannot be written: ${message.split(',')[0]}. Make it writable, or move what is in the way.`;
  // Nobody wrote these for a person to read.
  if (error instanceof TypeError || error instanceof ReferenceError) return `${message}. DEBUG=1 shows where it came from.`;
  return message;
}
