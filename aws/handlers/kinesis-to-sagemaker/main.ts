import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterQueue } from '../../runtime/dead-letter';
import { s3Sink } from '../../runtime/sinks/s3';
import { sagemakerSink } from '../../runtime/sinks/sagemaker';
import { kinesisSource } from '../../runtime/sources/kinesis';

export const handler = kinesisSource({
  transform,
  sink: sagemakerSink({ name: 'STORE', sink: s3Sink({ name: 'STORE', processor: setting('PROCESSOR') }) }),
  deadLetter: deadLetterQueue('DEAD_LETTER'),
});
