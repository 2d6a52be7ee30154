import { RefusedError } from '../../platform';

/** A name in backticks, a text in single quotes, or something that both languages read alike. */
const TOKEN = /`([^`]*)`|('[^'\\]*')|([^`'"\\#]+)|(.)/gs;

/**
 * A query in GoogleSQL, for DuckDB: the quoting of names is another one, and a table has no project. Nothing else is
 * translated. What the two would read differently is refused, and so is another table.
 * @param path where the query stands, for the message of a refusal
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
    throw new RefusedError(path, `what ${token} means to BigQuery it does not mean to DuckDB`);
  });
}
