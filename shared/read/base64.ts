/**
 * The text of a value in base64 or, if a part is known only at deploy, of an expression that encodes it: with references such as
 * `${google_storage_bucket.code.name}`.
 */
export function unbase64(encoded: string): string {
  const [, list] = /^\$\{base64encode\(join\("", \[(.*)\]\)\)\}$/s.exec(encoded) ?? [];
  if (list === undefined) return Buffer.from(encoded, 'base64').toString();
  const parts = list.match(/"(?:[^"\\]|\\.)*"|[^",\s][^",]*/g) ?? [];
  return parts.map((part) => (part.startsWith('"') ? (JSON.parse(part) as string) : `\${${part}}`)).join('');
}
