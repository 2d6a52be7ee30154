import { setting } from '../../../../shared/runtime/setting';
import { transform } from '../../../../shared/runtime/transform';
import { transformRecords } from './records';

export const handler = transformRecords({
  transform,
  asText: setting('AS_TEXT') === 'yes',
  oneRow: setting('ONE_ROW') === 'yes',
});
