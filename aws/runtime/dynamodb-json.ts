/** A value of DynamoDB, as its client or an event of Lambda has it: bytes are an array, or base64. */
export interface Attribute {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
  readonly NULL?: boolean;
  readonly L?: readonly Attribute[];
  readonly M?: Attributes;
  readonly SS?: readonly string[];
  readonly NS?: readonly string[];
  readonly B?: Uint8Array | string;
  readonly BS?: readonly (Uint8Array | string)[];
}
export type Attributes = Readonly<Record<string, Attribute>>;

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Attributes as a JSON object. DynamoDB writes numbers as texts, and these are copied digit by digit. Bytes are in base64. */
export function jsonOfAttributes(attributes: Attributes): string {
  return `{${Object.entries(attributes).map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`)}}`;
}

function jsonOf({ S, N, BOOL, L, M, SS, NS, B, BS }: Attribute): string {
  if (S !== undefined) return JSON.stringify(S);
  if (N !== undefined) return JSON_NUMBER.test(N) ? N : JSON.stringify(N);
  if (BOOL !== undefined) return String(BOOL);
  if (L) return `[${L.map(jsonOf)}]`;
  if (M) return jsonOfAttributes(M);
  if (NS) return `[${NS.map((number) => jsonOf({ N: number }))}]`;
  if (B !== undefined) return JSON.stringify(base64(B));
  const texts = SS ?? BS?.map(base64);
  return texts === undefined ? 'null' : JSON.stringify(texts);
}

function base64(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('base64');
}
