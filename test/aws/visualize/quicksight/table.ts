import { allow } from '../../../../aws/foundation/grants';
import type { TableStore } from '../../../../aws/ports/stores';

const ARN = 'arn:aws:athena:eu-west-1:123456789012:workgroup/events';

/** A table for readers, as `AthenaQuery` is one. */
export function tableOf(settings: readonly string[] = ['WORKGROUP', 'DATABASE', 'TABLE']): TableStore {
  return {
    bindReader: (reader, name) => ({
      settings: Object.fromEntries(settings.map((setting) => [`${name}_${setting}`, setting.toLowerCase()])),
      waitFor: allow(reader, ARN, ['athena:GetWorkGroup']),
    }),
    bindWriter() {
      throw new Error('It is for readers.');
    },
  };
}

export const personOf = (name: string, kind = 'user') => `arn:aws:quicksight:eu-west-1:123456789012:${kind}/default/${name}`;
