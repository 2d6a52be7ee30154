import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { s3Sink } from '../../runtime/sinks/s3';
import { dynamodbSource } from '../../runtime/sources/dynamodb';

export const handler = dynamodbSource({
  transform,
  sink: s3Sink({ name: 'STORE', processor: setting('PROCESSOR') }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
