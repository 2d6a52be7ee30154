import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { openFrom } from '../../runtime/created-blobs';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { blobSink } from '../../runtime/sinks/blob';
import { blobByStorageQueueSource } from '../../runtime/sources/blob-by-storage-queue';

app.generic(
  'process',
  blobByStorageQueueSource({
    transform,
    open: openFrom('SOURCE'),
    sink: blobSink('STORE'),
    deadLetter: deadLetterContainer('DEAD_LETTER'),
  }),
);
