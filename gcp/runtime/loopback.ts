const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/;

/** Whether a host and its port are on this very machine, which alone is spoken to without TLS and without a token. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/**
 * The host and the port of an emulator, when there is one.
 * @param name the variable that names it
 * @throws Error when it is not on this machine: events would leave it in plain text
 */
export function emulatorOf(name: string, address: string | undefined): string | undefined {
  if (!address || isLoopback(address)) return address;
  throw new Error(`${name} must be on this machine, got "${address}".`);
}
