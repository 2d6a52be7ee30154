import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import { allow } from '../../foundation/grants';
import type { Binding, Workload } from '../../ports/identity';
import type { ObjectStore } from '../../ports/stores';

/** An endpoint that processors ask for predictions. */
export interface Predictions {
  /** Allow `caller` to ask for predictions, and nothing else. */
  bindCaller(caller: Workload, name: string): Binding;
  /**
   * The store, for a processor that asks the endpoint about each row and stores its answer with the row, as `prediction`: with the
   * handler `aws/handlers/kinesis-to-sagemaker` or `sqs-to-sagemaker`.
   *
   * A batch must be finished within the timeout of the function, and about five rows are asked at a time: with a model that takes
   * 100 ms, 500 rows take 10 seconds. Give the processor a smaller `batchSize` or a longer `timeout` for a slower model.
   * @throws SettingError on what is no store of objects
   */
  addPredictions(store: ObjectStore): ObjectStore;
}

/** The predictions of an endpoint with this ARN and name. */
export function predictionsOf(scope: IConstruct, arn: string, endpointName: string): Predictions {
  const bindCaller = (caller: Workload, name: string): Binding => {
    return { settings: { [`${name}_ENDPOINT`]: endpointName }, waitFor: allow(caller, arn, ['sagemaker:InvokeEndpoint']) };
  };
  return {
    bindCaller,
    addPredictions: (store) => {
      if (typeof store?.bindWriter !== 'function' || typeof store.bindReader !== 'function') {
        throw new SettingError(scope, 'addPredictions must get a store of objects', typeof store, 'Give an S3Store.');
      }
      return {
        bindReader: (reader, name) => store.bindReader(reader, name),
        bindWriter: (writer, name) => {
          const [stored, asked] = [store.bindWriter(writer, name), bindCaller(writer, name)];
          return { settings: { ...stored.settings, ...asked.settings }, waitFor: [...stored.waitFor, ...asked.waitFor] };
        },
      };
    },
  };
}
