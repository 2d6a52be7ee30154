/** One line of JSON, which Cloud Logging reads with its severity. Never a token and never an event. */
export function log(severity: 'WARNING' | 'ERROR', message: string, details: Readonly<Record<string, string | number>> = {}) {
  console.log(JSON.stringify({ severity, message, ...details }));
}
