const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\]):\d+$/;

/** Whether a host and port are on this machine. Only such an address is called without TLS and without a token. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address);
}

/**
 * The host and port of an emulator, if one is set.
 * @param name the environment variable of the address
 * @throws Error if the emulator is not on this machine, because events would be sent in plain text
 */
export function emulatorOf(name: string, address: string | undefined): string | undefined {
  if (!address || isLoopback(address)) return address;
  throw new Error(`${name} must be on this machine, got "${address}".`);
}
