import type { ReadBlueprint } from './platform';
import type { Cloud } from './state';

/** The function that reads the templates of a cloud. Only the code of that cloud is loaded. */
export function readerOf(cloud: Cloud): ReadBlueprint {
  switch (cloud) {
    case 'aws':
      return (require('./aws/blueprint') as typeof import('./aws/blueprint')).readAws;
    case 'azure':
      return (require('./azure/blueprint') as typeof import('./azure/blueprint')).readAzure;
    case 'gcp':
      return (require('./gcp/blueprint') as typeof import('./gcp/blueprint')).readGcp;
  }
}
