interface Binds<Credentials> {
  bindAsync(address: string, credentials: Credentials, done: (error: Error | null, port: number) => void): void;
}

/**
 * Let a gRPC server listen on loopback, on a free port.
 * @returns its address, such as `127.0.0.1:8085`
 */
export function bindLoopback<Credentials>(server: Binds<Credentials>, insecure: Credentials): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', insecure, (error, port) => (error ? reject(error) : resolve(`127.0.0.1:${port}`)));
  });
}
