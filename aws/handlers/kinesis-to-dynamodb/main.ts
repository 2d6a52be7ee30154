import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { dynamodbSink } from '../../runtime/sinks/dynamodb';
import { kinesisSource } from '../../runtime/sources/kinesis';

export const handler = kinesisSource({
  transform,
  sink: dynamodbSink({ name: 'STORE' }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
