import { readFileSync } from 'node:fs';
import path from 'node:path';
import standaloneCode from 'ajv/dist/standalone';
import Ajv from 'ajv-draft-04';

const schemaFile = path.join(__dirname, '../shared/runtime/event.schema.json');

/**
 * What stands before the compiled contract. It is TypeScript, so that it goes along with a copy: `cdk init` has git ignore `*.js`
 * and `*.d.ts`.
 */
const HEAD = `// Generated from event.schema.json by npm run generate.
// @ts-nocheck: what Ajv writes has no types.
import ucs2length from 'ajv/dist/runtime/ucs2length';
import type { Event } from './event';

/** One rule that a value breaks. */
export interface CheckError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: { readonly allowedValues?: readonly string[] };
}

/** Whether a parsed value follows \`event.schema.json\`. After a \`false\`, \`check.errors\` says why. */
export const check: { (value: unknown): value is Event; errors?: readonly CheckError[] | null } = validate10;
`;

/** Compiles the event contract into the source text of `shared/runtime/event-check.ts`, so that no schema is compiled where events wait. */
export function eventCheckSource(): string {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'), (key, value) => (key === 'description' ? undefined : value));
  const ajv = new Ajv({ code: { source: true, optimize: true }, allowUnionTypes: true, schemas: { event: schema } });
  return `${HEAD}${quick(asModule(standaloneCode(ajv, { check: 'event' })))}\n`;
}

/** Ajv writes CommonJS. */
function asModule(code: string): string {
  return code
    .replace('"use strict";exports.check = validate10;', '')
    .replace('require("ajv/dist/runtime/ucs2length").default', 'ucs2length');
}

/** A text of few UTF-16 units has few characters, so characters are counted only where units do not settle it. */
function quick(code: string): string {
  return code
    .replace(/(func\d+)\((data\d+)\) > (\d+)/g, '$2.length > $3 && $1($2) > $3')
    .replace(/func\d+\((data\d+)\) < 1\b/g, '$1.length < 1');
}
