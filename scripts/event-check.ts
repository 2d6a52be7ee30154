import { readFileSync } from 'node:fs';
import path from 'node:path';
import standaloneCode from 'ajv/dist/standalone';
import Ajv from 'ajv-draft-04';

const schemaFile = path.join(__dirname, '../shared/runtime/event.schema.json');

/** Compiles the event contract into the source text of `shared/runtime/event-check.js`, so that no schema is compiled where events wait. */
export function eventCheckSource(): string {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'), (key, value) => (key === 'description' ? undefined : value));
  const ajv = new Ajv({ code: { source: true, optimize: true }, allowUnionTypes: true, schemas: { event: schema } });
  return `// Generated from event.schema.json by npm run generate.\n${quick(standaloneCode(ajv, { check: 'event' }))}\n`;
}

/** A text of few UTF-16 units has few characters, so characters are counted only where units do not settle it. */
function quick(code: string): string {
  return code
    .replace(/(func\d+)\((data\d+)\) > (\d+)/g, '$2.length > $3 && $1($2) > $3')
    .replace(/func\d+\((data\d+)\) < 1\b/g, '$1.length < 1');
}
