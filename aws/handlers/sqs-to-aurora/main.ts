import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { auroraSink } from '../../runtime/sinks/aurora';
import { sqsSource } from '../../runtime/sources/sqs';

export const handler = sqsSource({
  transform,
  sink: auroraSink({ name: 'STORE' }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
