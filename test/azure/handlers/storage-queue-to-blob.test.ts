import { proveQueueHandler } from '../runtime/queue-handler';

proveQueueHandler('storage-queue-to-blob');
