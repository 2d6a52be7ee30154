import { Agent } from 'node:https';
import type { ContainerClient } from '@azure/storage-blob';

/** Whoever shows a token: the shape that the clients of Azure ask for. */
export interface Credential {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
}

/** A credential that asks for the token of a resource. */
export function credentialOf(tokenFor: (resource: string) => { readonly token: string; readonly expiresOn: Date }): Credential {
  return {
    getToken: async (scopes) => {
      const { token, expiresOn } = tokenFor([scopes].flat()[0]!.replace(/\/+\.default$/, ''));
      return { token, expiresOnTimestamp: expiresOn.getTime() };
    },
  };
}

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

/** The official client of a container, which trusts one certificate more than others do. */
export function containerClient(url: string, credential: Credential, ca: string): ContainerClient {
  const { ContainerClient, newPipeline }: typeof import('@azure/storage-blob') = require('@azure/storage-blob');
  const agent = agentFor(ca);
  const pipeline = newPipeline(credential);
  pipeline.factories.unshift({
    create: (next) => ({ sendRequest: (request) => next.sendRequest(Object.assign(request, { agent })) }),
  });
  return new ContainerClient(url, pipeline);
}

const agents = new Map<string, Agent>();

function agentFor(ca: string): Agent {
  const agent = agents.get(ca) ?? new Agent({ ca, keepAlive: true, maxSockets: 16 });
  agents.set(ca, agent);
  return agent;
}
