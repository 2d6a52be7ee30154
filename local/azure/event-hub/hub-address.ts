/**
 * The host and options for the official clients of Event Hubs, so that they connect to an emulated namespace on loopback, with a
 * token and the name of the namespace.
 *
 * The clients use plain TCP only if `UseDevelopmentEmulator=true` is in the connection string, which they build from the host. So
 * the host contains it here.
 */
export function hubAddress(host: string, port: number) {
  return {
    host: `${host}/;UseDevelopmentEmulator=true;Host=${host}/`,
    options: { customEndpointAddress: `sb://127.0.0.1:${port}` },
  };
}
