import { proveQueueHandler } from '../runtime/queue-handler';

proveQueueHandler('service-bus-to-blob');
