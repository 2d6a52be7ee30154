import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { s3Sink } from '../../runtime/sinks/s3';
import { sagemakerSink } from '../../runtime/sinks/sagemaker';
import { sqsSource } from '../../runtime/sources/sqs';

export const handler = sqsSource({
  transform,
  sink: sagemakerSink({ name: 'STORE', sink: s3Sink({ name: 'STORE', processor: setting('PROCESSOR') }) }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
