import path from 'node:path';
import type { Places } from '../platform';
import { ROOT } from '../state';
import type { Stack } from './stack';

/** How a person sends an event by hand, and looks at what became of it. */
export function placesOf({ trigger, table }: Stack, host: string, file: string, letters: string): Places {
  const event = { specversion: '1.0', id: '1', source: '/by/hand', type: 'com.example.sent', time: new Date().toISOString(), data: {} };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  const { dataset, name } = table.view ?? table;
  return {
    send: `curl -d '{"messages":[{"data":"${data}"}]}' http://${host}/v1/${trigger.topic}:publish`,
    store: `node --import tsx local/gcp/bigquery/query.ts ${shown(file)} 'SELECT * FROM ${dataset}.${name} LIMIT 10'`,
    deadLetter: shown(letters),
  };
}

/** A path below the repository, or the whole of it, for a shell. */
function shown(file: string): string {
  const below = path.relative(ROOT, file);
  const found = below.startsWith('..') ? file : below;
  return /^[\w./-]+$/.test(found) ? found : `'${found.replaceAll("'", String.raw`'\''`)}'`;
}
