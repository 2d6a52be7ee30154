import { proveBlobHandler } from '../runtime/row-handler';

proveBlobHandler('blob-by-storage-queue-to-cosmos');
