import type { TerraformStack } from 'cdktf';
import { SpannerStore } from '../../../../gcp/store/spanner/spanner-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    SpannerStore: {
      settings: {
        site: 'neighbour',
        name: 'text',
        location: 'text',
        edition: 'choice',
        processingUnits: 'number',
        maxProcessingUnits: 'number',
        table: 'text',
        schema: ['', 5, true, {}, ['DROP TABLE events'], ['CREATE INDEX a ON b(c); DROP TABLE b'], [{}], [{ name: 'a' }], [5]],
        retentionDays: 'number',
        versionRetentionDays: 'number',
        backupRetentionDays: 'number',
        encryptionKey: 'text',
        instanceId: 'text',
        databaseId: 'text',
        notify: 'texts',
        removal: 'choice',
      },
      calculated: ['processingUnits', 'maxProcessingUnits', 'retentionDays', 'versionRetentionDays', 'backupRetentionDays'],
      make: (id, props) => new SpannerStore(terraform, id, { site, ...props }),
    },
  },
});
