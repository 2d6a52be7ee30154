/**
 * What the official clients of Event Hubs are given, so that they find a namespace on loopback, and still show a token and
 * ask for the namespace by its name.
 *
 * They speak plain TCP only when a connection string says so, and make one of the host that they are given: here the host
 * brings the word along.
 */
export function hubAddress(host: string, port: number) {
  return {
    host: `${host}/;UseDevelopmentEmulator=true;Host=${host}/`,
    options: { customEndpointAddress: `sb://127.0.0.1:${port}` },
  };
}
