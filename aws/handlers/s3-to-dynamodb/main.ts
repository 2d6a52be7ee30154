import { transform } from '../../../shared/runtime/transform';
import { openFrom } from '../../runtime/created-objects';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { dynamodbSink } from '../../runtime/sinks/dynamodb';
import { s3Source } from '../../runtime/sources/s3';

export const handler = s3Source({
  transform,
  open: openFrom('SOURCE'),
  sink: dynamodbSink({ name: 'STORE' }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
