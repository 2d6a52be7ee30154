import type { TerraformStack } from 'cdktf';
import { LoggingArchive } from '../../../../gcp/connect/logging/logging-archive';
import { LoggingEntry } from '../../../../gcp/connect/logging/logging-entry';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const FILTERS = ['', ' ', '\n', 'nul\0', 'X'.repeat(20_001), 5, true, [], {}];

export const refusals = (terraform: TerraformStack): Refusals => {
  const sink = new PubSubBuffer(terraform, 'logs', { site, name: 'refusedlogs' });
  const store = new CloudStorageStore(terraform, 'audit', { site, name: 'refusedaudit', prefix: 'cloudaudit.googleapis.com/' });
  return {
    constructs: {
      LoggingEntry: {
        settings: { site: 'neighbour', sink: 'neighbour', filter: FILTERS, name: 'text', maxSilenceMinutes: 'number', notify: 'texts' },
        calculated: ['maxSilenceMinutes'],
        make: (id, props) => new LoggingEntry(terraform, id, { site, sink, filter: 'severity>=ERROR', ...props }),
      },
      LoggingArchive: {
        settings: {
          site: 'neighbour',
          store: 'neighbour',
          logs: 'text',
          filter: FILTERS,
          name: 'text',
          maxSilenceMinutes: 'number',
          notify: 'texts',
        },
        calculated: ['maxSilenceMinutes'],
        make: (id, props) => new LoggingArchive(terraform, id, { site, store, ...props }),
      },
    },
  };
};
