// docs:start
/**
 * Store other fields of an event.
 *
 * `shared/runtime/transform.ts` is the one function to rewrite, on all three clouds. It returns a row, several rows, or nothing, which
 * drops the event. A `PermanentError` sends the event to the dead letter, with its message as the reason. Only its own test depends
 * on it.
 *
 * On BigQuery a field without a column is stored in the JSON column `rest`: [add a column](#gcp-columns-of-your-own-in-bigquery).
 */
export { transform } from '../examples/transform';
// docs:end
