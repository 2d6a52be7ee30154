import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { synthesizeAws } from '../bin/aws';
import { synthesizeTerraform } from '../bin/terraform';
import { readCloudFormation } from '../shared/read/cloudformation';
import type { Access, Hop, Picture } from '../shared/read/picture';
import { readTerraform } from '../shared/read/terraform';
import { type Blueprint, blueprintsNamed, type Cloud } from '../shared/synth/blueprints';
import { shown } from './examples';

const ROOT = path.join(__dirname, '..');
const FOLDER = 'docs/recipes';

/** Every recipe: a class that builds a platform, in a file that starts with the name of its cloud. */
export function findRecipes(): Blueprint[] {
  return readdirSync(path.join(ROOT, FOLDER))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => ({ cloud: file.split('-')[0] as Cloud, name: path.basename(file, '.ts'), file: `${FOLDER}/${file}` }));
}

/** The page with all recipes: what each is for, its code, and what it changes against the minimal pipeline of its cloud. */
export function recipesPage(): string {
  const plain = new Map<Cloud, Picture>();
  const recipes = findRecipes().map((recipe) => {
    const { cloud, file } = recipe;
    const before = plain.get(cloud) ?? pictureOf(blueprintsNamed('pipeline', [cloud])[0]!);
    plain.set(cloud, before);
    const { title, text, code } = readRecipe(file);
    const changes = renderChanges(before, pictureOf(recipe));
    return [`## ${title}`, text, `\`${file}\`:\n\n\`\`\`ts\n${code}\`\`\``, `What it changes:\n\n\`\`\`diff\n${changes}\n\`\`\``].join(
      '\n\n',
    );
  });
  return `${[HEAD, ...recipes].join('\n\n')}\n`;
}

const HEAD = `# Recipes

<!-- Written by npm run generate. -->

Each recipe is a file of this folder that compiles and is synthesized by the tests. Copy the file to \`<cloud>/architectures/NAME.ts\`, and \`npm start -- NAME\` builds it. Below each one stands what it changes of the minimal pipeline of its cloud: the way of an event, and who may do what.`;

/** What a blueprint synthesizes to, as a reader sees it. */
export function pictureOf(blueprint: Blueprint): Picture {
  process.env.CDK_VALIDATION = 'false';
  const outdir = mkdtempSync(path.join(tmpdir(), 'recipe-'));
  const { cloud } = blueprint;
  try {
    if (cloud === 'aws') return readCloudFormation(synthesizeAws({}, outdir, [blueprint]).stacks[0]!.template);
    const [stack] = synthesizeTerraform({}, outdir, [cloud], [blueprint]);
    return readTerraform(JSON.parse(readFileSync(path.join(outdir, 'stacks', stack!, 'cdk.tf.json'), 'utf8')));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** What the comment of the class says, its first sentence apart, and the code without the comment. */
function readRecipe(file: string) {
  const code = shown(file);
  const comment = /\/\*\*\n([\s\S]*?) \*\/\n/.exec(code);
  if (!comment) throw new Error(`${file}: its class needs a comment that says what it is for.`);
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
  return lines.length > 0 ? lines.join('\n') : '  nothing: neither the way of an event nor a permission';
}

function changed(before: readonly string[], after: readonly string[]): string[] {
  const only = (these: readonly string[], those: readonly string[]) => these.filter((line) => !those.includes(line));
  return [...only(before, after).map((line) => `- ${line}`), ...only(after, before).map((line) => `+ ${line}`)];
}

function hop({ from, how, to }: Hop): string {
  return `flow    ${from} -- ${how} --> ${to}`;
}

function permission({ identity, may, on, only }: Access): string {
  return `access  ${identity} may ${may} on ${on}${only ? `, only if ${only}` : ''}`;
}
