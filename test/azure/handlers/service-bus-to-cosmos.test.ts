import { proveRowHandler } from '../runtime/row-handler';

proveRowHandler('service-bus-to-cosmos');
