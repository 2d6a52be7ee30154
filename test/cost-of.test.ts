import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ACCEPTED from '../scripts/cost/accepted.json';
import { costOf, servicesOf, unaccepted } from '../scripts/cost/service';
import { temporaryFolder } from './support/folder';

test.each(servicesOf())('%s costs nothing outside of its folders, but for what is accepted', (service) =>
  expect(unaccepted(costOf(service))).toEqual([]),
);

test('what is accepted has a reason, and is of services that there are', () => {
  for (const { services, because } of Object.values(ACCEPTED)) {
    expect(because).toMatch(/^[A-Z].{20,200}\.$/);
    expect(services.filter((service) => !servicesOf().includes(service))).toEqual([]);
  }
});

test('each line that names a service counts where it stands', () => {
  const root = temporaryFolder();
  const files: Record<string, string> = {
    'gcp/store/tape/tape-store.ts': '/** A tape. */\nexport class TapeStore {\n}\n',
    'gcp/store/tape/facts.ts': 'exports.facts = { types: { google_tape: {} } };\n',
    'test/gcp/store/tape/tape-store.test.ts': 'one\n\ntwo\n',
    'gcp/runtime/sinks/tape.ts': 'one\n',
    'gcp/handlers/pub-sub-to-tape/main.ts': 'one\ntwo\n',
    'local/gcp/tape/reels.ts': 'one\n',
    'gcp/architectures/archive.ts': 'new TapeStore();\nnew Other();\n',
    'test/gcp/store/disk/disk-store.test.ts': "import '../../../../gcp/store/tape/tape-store';\n",
    'test/judges/rules.test.ts': "'google_tape'\n",
    'scripts/rules.ts':
      "// google_tape in a comment\nif (type === 'google_tape') {}\nif (type === 'google_tape_drive') {}\nTapeStored();\n",
    'aws/ports/tape.ts': "import '../store/tape/tape-store';\n",
    'gcp/ports/tape.ts': "import '../store/tape/tape-store';\n",
    'docs/settings.md': 'TapeStore\n',
    'test/gcp/store/disk/disk.snapshot.yaml': 'google_tape\n',
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  expect(servicesOf(root)).toEqual(['gcp/store/tape']);
  const cost = costOf('gcp/store/tape', root);
  expect(Object.entries(cost.parts).map(([part, { lines }]) => [part, lines])).toEqual([
    ['construct', 3],
    ['tests', 2],
    ['runs in the cloud', 3],
    ['runs here', 1],
    ['platforms', 1],
    ['neighbours', 1],
    ['other tests', 1],
    ['other code', 2],
  ]);
  expect(unaccepted(cost)).toEqual([
    'gcp/ports/tape.ts names gcp/store/tape. Move what it knows into the folders of the service.',
    'scripts/rules.ts names gcp/store/tape. Move what it knows into the folders of the service.',
  ]);
});
