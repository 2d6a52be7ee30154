/** One rule that a value breaks. */
export interface CheckError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: { readonly allowedValues?: readonly string[] };
}

/** Whether a parsed value follows `event.schema.json`. After a `false`, `check.errors` says why. */
export const check: {
  (value: unknown): value is import('./event').Event;
  errors?: readonly CheckError[] | null;
};
