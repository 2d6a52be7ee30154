import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { dynamodbSink } from '../../runtime/sinks/dynamodb';
import { sqsSource } from '../../runtime/sources/sqs';

export const handler = sqsSource({
  transform,
  sink: dynamodbSink({ name: 'STORE' }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
