/** An image by its digest. */
export const image = {
  repository: 'europe-west1-docker.pkg.dev/acme-data/images/orders',
  digest: `sha256:${'ab'.repeat(32)}`,
};
