import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { synthesizeAws } from '../bin/aws';
import { synthesizeTerraform } from '../bin/terraform';
import { readCloudFormation } from '../shared/read/cloudformation';
import type { Access, Hop, Picture } from '../shared/read/picture';
import { readTerraform } from '../shared/read/terraform';
import type { Transform } from '../shared/runtime/event';
import { type Blueprint, blueprintsNamed, type Cloud, TITLES } from '../shared/synth/blueprints';
import { shown } from './examples';
import { type ColumnOfApi, eventsOf, findTransforms, linesOf, type TransformRecipe, tableRowsOf } from './recipes/transforms';
import { WANTS } from './recipes/wants';

const ROOT = path.join(__dirname, '..');
const FOLDER = 'docs/recipes';
/** The recipe that shows columns beside those of every table. */
const OWN_COLUMN = 'gcp-own-column';
/** Every recipe that builds a platform: a class, in a file that starts with the name of its cloud. */
export function findRecipes(): Blueprint[] {
  return readdirSync(path.join(ROOT, FOLDER))
    .filter((file) => /^(aws|azure|gcp)-.*\.ts$/.test(file))
    .sort()
    .map((file) => ({ cloud: file.split('-')[0] as Cloud, name: path.basename(file, '.ts'), file: `${FOLDER}/${file}` }));
}

/** A part of the page. */
interface Section {
  readonly name: string;
  readonly title: string;
  readonly blocks: readonly string[];
}

/**
 * The page with all recipes: a table of what people want, then for each recipe what it is for, its code, and what it changes.
 * @throws Error on a recipe that the table does not name, and on a link of the table to a recipe that there is not
 */
export function recipesPage(): string {
  const sections = [...findTransforms().map(transformSection), ...findRecipes().map(platformSection)];
  const wanted = WANTS.flatMap((want) => Object.values(want.recipes).flat());
  const forgotten = sections.find(({ name }) => !wanted.includes(name));
  if (forgotten) throw new Error(`The recipe ${forgotten.name} is not in the table: name it in scripts/recipes/wants.ts.`);
  const inOrder = [...new Set(wanted)].map((name) => {
    const found = sections.find((section) => section.name === name);
    if (!found) throw new Error(`There is no recipe ${name}: scripts/recipes/wants.ts names it.`);
    return found;
  });
  return `${[HEAD, tableOf(inOrder), ...inOrder.map(({ title, blocks }) => [`## ${title}`, ...blocks].join('\n\n'))].join('\n\n')}\n`;
}

const HEAD = `# Recipes

<!-- Written by npm run generate. -->

Each recipe is a file in this folder. The tests compile it, and run or synthesize it. Copy the file to \`<cloud>/architectures/NAME.ts\`, with the folder of the same name if there is one, and run \`npm start -- NAME\`. Below each recipe you see what it changes in the minimal pipeline of its cloud: the path of an event, and the permissions. A recipe for every cloud is a transform.`;

function tableOf(sections: readonly Section[]): string {
  const links = (names: readonly string[]) =>
    names.map((name) => {
      const { title } = sections.find((section) => section.name === name)!;
      return `[${title.replace(/^[^:]*: /, '')}](#${anchor(title)})`;
    });
  const rows = WANTS.map(({ want, recipes, words = {} }) => {
    const cells = (Object.keys(TITLES) as Cloud[]).map((cloud) => {
      const cell = [...links(recipes.every ?? []), ...links(recipes[cloud] ?? []), words[cloud] ?? words.every].filter(Boolean);
      return cell.join('<br>');
    });
    return `| ${[want, ...cells].join(' | ')} |`;
  });
  return [`| You want | ${Object.values(TITLES).join(' | ')} |`, '|---|---|---|---|', ...rows].join('\n');
}

/** How GitHub names the place of a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function platformSection(recipe: Blueprint): Section {
  const { cloud, file, name } = recipe;
  const { title, text, code } = readRecipe(file);
  const against = WANTS.find(({ recipes }) => recipes[cloud]?.includes(name))?.against?.[name] ?? 'pipeline';
  const changes = renderChanges(plainPicture(cloud, against), pictureOf(recipe));
  const beside = besideOf(recipe).map((one) => block(one, readFileSync(path.join(ROOT, one), 'utf8')));
  const what = against === 'pipeline' ? 'What it changes' : `What it changes in \`${cloud} ${against}\``;
  return { name, title: `${TITLES[cloud]}: ${title}`, blocks: [text, block(file, code), ...beside, `${what}:\n\n${diff(changes)}`] };
}

const plain = new Map<string, Picture>();

/** The flow and permissions of the blueprint that a recipe is compared with. */
function plainPicture(cloud: Cloud, name: string): Picture {
  const key = `${cloud} ${name}`;
  const found = plain.get(key) ?? pictureOf(blueprintsNamed(name, [cloud])[0]!);
  plain.set(key, found);
  return found;
}

/** The files that go along with a recipe, by their paths: those in the folder of its name. */
export function besideOf({ name }: Blueprint): string[] {
  const folder = path.join(ROOT, FOLDER, name);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => `${FOLDER}/${name}/${file.name}`).sort();
}

function transformSection(recipe: TransformRecipe): Section {
  const { name, file, code, test, transform } = recipe;
  const { title, text, code: own } = readRecipe(file);
  const inPlace = (source: string, ...places: readonly [string, string][]) =>
    places.reduce((changed, [from, to]) => changed.replaceAll(`'${from}`, `'${to}`), source);
  const shownCode = inPlace(code === file ? own : shown(code), ['../../shared/runtime/', './']);
  const shownTest = inPlace(shown(test), [`../../../${FOLDER}/${name}`, '../../../shared/runtime/transform']);
  const asItCame: Transform = (event) => event;
  const stored = (where: string, rowsOf: (event: string, transform: Transform) => readonly string[]) =>
    eventsOf(recipe).flatMap((event, index) => [
      `  event ${index + 1}, ${where}`,
      ...rowsOf(event, asItCame).map((row) => `- ${row}`),
      ...rowsOf(event, transform).map((row) => `+ ${row}`),
    ]);
  const inTable = (schema: readonly ColumnOfApi[]) => (event: string, by: Transform) => tableRowsOf(event, by, schema);
  const [plainColumns, ownColumns] = [blueprintsNamed('pipeline', ['gcp'])[0]!, findRecipes().find((one) => one.name === OWN_COLUMN)!].map(
    (one) => inTable(tableSchema(one)),
  );
  const inBigQuery = stored('in BigQuery, in addition to the columns of each event', plainColumns!);
  const inOwn = eventsOf(recipe).flatMap((event, index) => {
    const rows = ownColumns!(event, transform);
    const isOther = String(rows) !== String(plainColumns!(event, transform));
    return isOther ? [`  event ${index + 1}, in BigQuery with the columns of ${OWN_COLUMN}`, ...rows.map((row) => `+ ${row}`)] : [];
  });
  const lines = [...stored('in an object on AWS and Azure', linesOf), ...inBigQuery, ...inOwn];
  return {
    name,
    title: `Every cloud: ${title}`,
    blocks: [
      text,
      block('shared/runtime/transform.ts', shownCode),
      block('test/shared/runtime/transform.test.ts', shownTest),
      `What is stored of the events in \`${recipe.events}\`, before and after. \`npm run local -- --once --events ${recipe.events}\` sends them.\n\n${diff(lines.join('\n'))}`,
    ],
  };
}

/** The columns of the table that a blueprint on GCP makes. */
export function tableSchema(blueprint: Blueprint): readonly ColumnOfApi[] {
  const { resource } = templateOf(blueprint) as { resource: { google_bigquery_table: Record<string, { schema?: string }> } };
  const { schema } = Object.values(resource.google_bigquery_table).find((table) => table.schema !== undefined)!;
  return JSON.parse(schema!);
}

function block(file: string, code: string): string {
  return `\`${file}\`:\n\n\`\`\`${path.extname(file).slice(1)}\n${code}\`\`\``;
}

function diff(lines: string): string {
  return `\`\`\`diff\n${lines}\n\`\`\``;
}

/** The flow and permissions of a synthesized blueprint. */
export function pictureOf(blueprint: Blueprint): Picture {
  return blueprint.cloud === 'aws' ? readCloudFormation(templateOf(blueprint)) : readTerraform(templateOf(blueprint));
}

/** Synthesize a blueprint. */
export function templateOf(blueprint: Blueprint) {
  process.env.CDK_VALIDATION = 'false';
  const outdir = mkdtempSync(path.join(tmpdir(), 'recipe-'));
  const { cloud } = blueprint;
  try {
    if (cloud === 'aws') return synthesizeAws({}, outdir, [blueprint]).stacks[0]!.template;
    const [stack] = synthesizeTerraform({}, outdir, [cloud], [blueprint]);
    return JSON.parse(readFileSync(path.join(outdir, 'stacks', stack!, 'cdk.tf.json'), 'utf8'));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The title of a recipe, which is the first sentence of its comment, the rest of the comment, and the code. */
function readRecipe(file: string) {
  const code = shown(file);
  const comment = /\/\*\*\n([\s\S]*?) \*\/\n/.exec(code);
  if (!comment) throw new Error(`${file}: it needs a comment that says what it is for.`);
  const [title = '', ...paragraphs] = comment[1]!
    .replace(/^ \* ?/gm, '')
    .trim()
    .split('\n\n')
    .map((paragraph) => paragraph.replaceAll('\n', ' '));
  return { title: title.replace(/\.$/, ''), text: paragraphs.join('\n\n'), code: code.replace(comment[0], '') };
}

function renderChanges(before: Picture, after: Picture): string {
  const lines = [
    ...changed(before.flow.map(hop), after.flow.map(hop)),
    ...changed(before.access.map(permission), after.access.map(permission)),
  ];
  return lines.length > 0 ? lines.join('\n') : '  nothing in the path of an event and in the permissions';
}

function changed(before: readonly string[], after: readonly string[]): string[] {
  const only = (these: readonly string[], those: readonly string[]) => these.filter((line) => !those.includes(line));
  return [...only(before, after).map((line) => `- ${line}`), ...only(after, before).map((line) => `+ ${line}`)];
}

function hop({ from, how, to, notes }: Hop): string {
  return `flow    ${from} -- ${how} --> ${to}  ${notes}`.trimEnd();
}

function permission({ identity, may, on, only }: Access): string {
  return `access  ${identity} may ${may} on ${on}${only ? `, only if ${only}` : ''}`;
}
