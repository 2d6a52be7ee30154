/**
 * The text of a value in base64 or, if a part is known only at deploy, of an expression that encodes it: with references such as
 * `${google_storage_bucket.code.name}`.
 */
export function unbase64(encoded: string): string {
  const [, list] = /^\$\{base64encode\(join\("", \[(.*)\]\)\)\}$/s.exec(encoded) ?? [];
  if (list === undefined) return Buffer.from(encoded, 'base64').toString();
  return partsOf(list)
    .map((part) => (part.startsWith('"') ? (JSON.parse(part) as string) : `\${${part}}`))
    .join('');
}

/** The parts of a list of Terraform. A part can be a call with commas of its own. */
function partsOf(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [token] of list.matchAll(/"(?:[^"\\]|\\.)*"|[^"]/gs)) {
    if (token === '(' || token === '[') depth++;
    if (token === ')' || token === ']') depth--;
    if (token === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.trim());
}
