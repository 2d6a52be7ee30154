import { proveRowHandler } from '../runtime/row-handler';

proveRowHandler('storage-queue-to-cosmos');
