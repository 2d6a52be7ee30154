import { RefusedError } from '../../platform';
import { renameFunctions } from './google-functions';

/** A name in backticks, a raw text, a text in single quotes, or a part that is the same in both languages but for its functions. */
const TOKEN = /`([^`]*)`|\br('[^']*')|('[^'\\]*')|((?:(?!\br')[^`'"\\#])+)|(.)/gs;

/**
 * Translate a query from GoogleSQL to DuckDB: names and raw texts are quoted differently, a table has no project, and some functions
 * have another name. Nothing else is translated. A query with another table, or with syntax that differs between the two, is refused.
 * @param path the path of the query in the template, for the message of a refusal
 */
export function translateQuery(
  query: string,
  { project, dataset, name }: { readonly project: string; readonly dataset: string; readonly name: string },
  path: string,
): string {
  return query.replace(TOKEN, (token, ...[quoted, raw, text, plain]: (string | undefined)[]) => {
    if (quoted !== undefined) {
      if (!quoted.includes('.')) return `"${quoted}"`;
      if (quoted === `${project}.${dataset}.${name}`) return `"${dataset}"."${name}"`;
      throw new RefusedError(path, `it reads ${token}, and the template has no such table`);
    }
    if (plain !== undefined) return renameFunctions(plain);
    if (text !== undefined) return text;
    if (raw !== undefined) return raw;
    throw new RefusedError(path, `${token} has another meaning in DuckDB than in BigQuery`);
  });
}
