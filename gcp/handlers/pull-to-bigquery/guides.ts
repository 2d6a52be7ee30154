import { setting } from '../../../shared/runtime/setting';
import type { Item } from '../../runtime/sources/pull';
import { pages } from '../../runtime/sources/pull/pages';

/** What is pulled: every guide of a tool with a REST API. Change it for another tool, or for what else a dashboard shows. */
export async function* guides(): AsyncGenerator<Item> {
  const headers = { accept: 'application/json', authorization: `Bearer ${setting('PULL_TOKEN')}` };
  for await (const guide of pages(setting('PULL_URL'), { headers })) {
    if (!['string', 'number', 'bigint'].includes(typeof guide.id)) throw new Error('a guide must have an id, which is a text or a number');
    yield { id: String(guide.id), row: guide };
  }
}
