import { isUtf8 } from 'node:buffer';
import { InvokeEndpointCommand, type ModelError, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { PermanentError } from '../../../shared/runtime/event';
import { parse, stringify } from '../../../shared/runtime/json';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { CLIENT } from '../requests';
import { withPredictions } from './predictions';

/** Settings for {@link sagemakerSink}. */
export interface SagemakerSinkProps {
  /** The name of the store: `STORE` reads `STORE_ENDPOINT`. */
  readonly name: string;
  /** The store of the rows. */
  readonly sink: Sink<string>;
}

/** Several processes ask the same endpoint, and a serverless endpoint refuses more requests than it may run at the same time. */
const AT_A_TIME = 5;
/** A serverless endpoint accepts 4 MB, and one with instances more. */
const ROW_BYTES = 4_000_000;
/** A model may take 60 seconds. The signal of the function aborts earlier if its time is over. */
const RESPONSE_MS = 70_000;
/** The model did not have the time, or had too many requests. */
const PASSING: readonly number[] = [408, 429];
const JSON_TYPE = 'application/json';

/**
 * Asks a SageMaker endpoint about each row, and adds its answer to the row before another sink stores it. The model gets one row
 * in one request, as a JSON object, and answers with JSON of any kind. Its answer must depend on the row alone.
 *
 * A row that the model refuses with a status from 400 to 499, one over 4 MB, and one that is answered with anything but JSON, goes
 * to the dead letter with its event. Any other fault is retried: the endpoint is not there, is busy, or its container fails.
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
 */
export function sagemakerSink({ name, sink }: SagemakerSinkProps): Sink<string> {
  const client = new SageMakerRuntimeClient({ ...CLIENT, requestHandler: { ...CLIENT.requestHandler, requestTimeout: RESPONSE_MS } });
  const endpoint = setting(`${name}_ENDPOINT`);

  async function ask(row: string, abortSignal?: AbortSignal): Promise<string> {
    const bytes = Buffer.byteLength(row);
    if (bytes > ROW_BYTES) throw new PermanentError(`the row has ${bytes} bytes, and the model gets at most ${ROW_BYTES}`);
    const input = { EndpointName: endpoint, ContentType: JSON_TYPE, Accept: JSON_TYPE, Body: row };
    try {
      const { Body } = await client.send(new InvokeEndpointCommand(input), { abortSignal });
      // The client gives nothing for an empty response, whatever its type says.
      return predictionIn(Body ?? new Uint8Array());
    } catch (error) {
      throw refusalIn(error) ?? error;
    }
  }

  return withPredictions(sink, ask, AT_A_TIME);
}

/** @throws PermanentError on anything but JSON: the same row would get the same answer */
function predictionIn(body: Uint8Array): string {
  try {
    if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
    return stringify(parse(Buffer.from(body).toString()));
  } catch (error) {
    throw new PermanentError(`the model must answer with JSON: ${(error as Error).message}`);
  }
}

/**
 * A fault of the row. `ValidationError` is none, because everything in the request but the row is from the template: an endpoint
 * that does not exist is reported so (aws/amazon-sagemaker-examples#293).
 */
function refusalIn(error: unknown): PermanentError | undefined {
  const { name, OriginalStatusCode: status = 0, OriginalMessage: message = '' } = error as Partial<ModelError>;
  if (name !== 'ModelError' || status < 400 || status > 499 || PASSING.includes(status)) return undefined;
  return new PermanentError(`the model refused the row with ${status}: ${message}`);
}
