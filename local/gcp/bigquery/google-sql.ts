import { RefusedError } from '../../platform';

/** A name in backticks, a text in single quotes, or a part that is the same in both languages. */
const TOKEN = /`([^`]*)`|('[^'\\]*')|([^`'"\\#]+)|(.)/gs;

/**
 * Translate a query from GoogleSQL to DuckDB: names are quoted differently, and a table has no project. Nothing else is
 * translated. A query with another table, or with syntax that differs between the two, is refused.
 * @param path the path of the query in the template, for the message of a refusal
 */
export function translateQuery(
  query: string,
  { project, dataset, name }: { readonly project: string; readonly dataset: string; readonly name: string },
  path: string,
): string {
  return query.replace(TOKEN, (token, quoted: string | undefined, text: string | undefined, plain: string | undefined) => {
    if (quoted !== undefined) {
      if (!quoted.includes('.')) return `"${quoted}"`;
      if (quoted === `${project}.${dataset}.${name}`) return `"${dataset}"."${name}"`;
      throw new RefusedError(path, `it reads ${token}, and the template has no such table`);
    }
    if (text !== undefined || plain !== undefined) return token;
    throw new RefusedError(path, `${token} has another meaning in DuckDB than in BigQuery`);
  });
}
