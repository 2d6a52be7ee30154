// docs:start
import type { Environment } from '../../bin/environment';

export const environment: Environment = {
  removal: 'retain',
  aws: {
    env: { account: '123456789012', region: 'eu-west-1' },
    terminationProtection: true,
    notify: 'arn:aws:sns:eu-west-1:123456789012:on-call',
    tags: { team: 'press' },
  },
  azure: {
    prefix: 'acmeprod',
    location: 'swedencentral',
    tags: { team: 'press' },
    backend: { azurerm: { resourceGroupName: 'acme-state', storageAccountName: 'acmestate', containerName: 'state' } },
  },
  gcp: {
    projectId: 'acme-data-prod',
    region: 'europe-west1',
    prefix: 'acme',
    labels: { team: 'press' },
    backend: { gcs: { bucket: 'acme-data-state' } },
  },
};
// docs:end
