/** Writes every generated file of the repository. `npm run generate -- --check` writes nothing and fails if one is out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { blueprintsPage } from './blueprints';
import { costPage } from './cost-page';
import { eventCheckSource } from './event-check';
import { PAGES, withExamples } from './examples';
import { pictureFiles } from './picture';
import { recipesPage } from './recipes';
import { settingsPage } from './settings';
import { shippedPage } from './shipped/page';
import { weakeningsPage } from './weakenings/page';

const root = path.join(__dirname, '..');
const check = process.argv.includes('--check');
const files: Record<string, () => string | Promise<string>> = {
  'shared/runtime/event-check.ts': eventCheckSource,
  ...Object.fromEntries(PAGES.map((page) => [page, () => withExamples(read(page) ?? '')])),
  ...pictureFiles(),
  'docs/blueprints.md': blueprintsPage,
  'docs/cost.md': costPage,
  'docs/recipes/README.md': recipesPage,
  'docs/settings.md': settingsPage,
  'docs/shipped.md': shippedPage,
  'docs/weakenings.md': weakeningsPage,
};

async function generate() {
  for (const [file, source] of Object.entries(files)) {
    const wanted = await source();
    if (read(file) === wanted) continue;
    if (check) {
      console.error(`${file} is out of date. Run npm run generate.`);
      process.exitCode = 1;
    } else {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), wanted);
      console.log(`wrote ${file}`);
    }
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return undefined;
  }
}

generate().catch((error: Error) => {
  console.error(process.env.DEBUG ? error : error.message);
  process.exitCode = 1;
});
