import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { openFrom } from '../../runtime/created-objects';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { s3Sink } from '../../runtime/sinks/s3';
import { s3Source } from '../../runtime/sources/s3';

export const handler = s3Source({
  transform,
  open: openFrom('SOURCE'),
  sink: s3Sink({ name: 'STORE', processor: setting('PROCESSOR') }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
