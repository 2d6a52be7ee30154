import { Agent } from 'node:https';
import type { ContainerClient } from '@azure/storage-blob';
import type { Credential } from '../identity/credential';

/** The official client of a container, which also trusts the certificate `ca`. */
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
