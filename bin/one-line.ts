/** Run; on a fault say so in one line and end with exit code 1. `DEBUG=1` shows where it came from. */
export function orOneLine(run: () => void) {
  try {
    run();
  } catch (error) {
    console.error(error instanceof Error && !process.env.DEBUG ? error.message : error);
    process.exitCode = 1;
  }
}
