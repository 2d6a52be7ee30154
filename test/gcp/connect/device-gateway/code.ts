import path from 'node:path';

/** An image by its digest. */
export const image = {
  repository: 'europe-west1-docker.pkg.dev/acme-data/images/gateway',
  digest: `sha256:${'ab'.repeat(32)}`,
};

/** A bundle that stands for that of the gateway. */
export const code = {
  zip: path.join(__dirname, '../../../../package.json'),
  hash: 'ab'.repeat(32),
  needs: { source: 'device-https', stores: { EVENTS: ['TOPIC', 'ENDPOINT'], REGISTRY: ['BUCKET', 'PREFIX'] } },
};
