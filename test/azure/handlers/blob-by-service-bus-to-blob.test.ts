import { proveBlobHandler } from '../runtime/row-handler';

proveBlobHandler('blob-by-service-bus-to-blob');
