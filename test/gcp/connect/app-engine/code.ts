import path from 'node:path';

/** A bundle that stands for that of the service. */
export const code = {
  zip: path.join(__dirname, '../../../../package.json'),
  hash: 'ab'.repeat(32),
  needs: { source: 'device-https', stores: { EVENTS: ['TOPIC', 'ENDPOINT'], REGISTRY: ['BUCKET', 'PREFIX'] } },
};
