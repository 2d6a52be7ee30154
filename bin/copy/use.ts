import path from 'node:path';
import type ts from 'typescript';
import type { Cloud } from '../../shared/synth/blueprints';
import { Arrangement, type Left } from './arrange';
import { type Catalog, handlersFor } from './choice';
import { type Imported, type Platform, readPlatform, valuesIn } from './platform';

/** Example code that uses what is copied. */
export interface Use {
  readonly cloud: Cloud;
  /** The file of the project that the lines are for. */
  readonly file: string;
  readonly lines: readonly string[];
  /** Why some copied constructs are not in the lines. */
  readonly hints: readonly string[];
  /** The handlers that are copied. */
  readonly handlers: readonly string[];
  /** Further files to copy, so that the lines compile. */
  readonly entries: readonly string[];
}

/** The start of an app for a cloud. */
interface Frame {
  readonly app: readonly string[];
  readonly stack: readonly string[];
  readonly site: readonly string[];
  /** The files that export the names in these lines. */
  readonly files: Readonly<Record<string, string>>;
}

const PACKAGING = 'shared/synth/handler-package.ts';
const FRAMES: Readonly<Record<Cloud, Frame>> = {
  aws: {
    app: ["import { App, Stack } from 'aws-cdk-lib';"],
    stack: ["const stack = new Stack(app, 'my-platform');"],
    site: [],
    files: {},
  },
  azure: {
    app: ["import { App, TerraformStack } from 'cdktf';"],
    stack: ["const stack = new TerraformStack(app, 'my-platform');", "new AzureProvider(stack, 'Azure');"],
    site: ["const site = new AzureSite(stack, 'Site', { prefix: 'acme', location: 'swedencentral' });"],
    files: { AzureProvider: 'azure/foundation/provider.ts', AzureSite: 'azure/foundation/site.ts' },
  },
  gcp: {
    app: [
      "import { App, TerraformStack } from 'cdktf';",
      "import { GoogleProvider } from '@cdktf/provider-google/lib/provider';",
      "import { TimeProvider } from '@cdktf/provider-time/lib/provider';",
    ],
    stack: [
      "const stack = new TerraformStack(app, 'my-platform');",
      "new GoogleProvider(stack, 'Google', { project: 'my-project', region: 'europe-west1' });",
      "new TimeProvider(stack, 'Time');",
    ],
    site: ["const site = new ProjectSite(stack, 'Site', { project: 'my-project', region: 'europe-west1', prefix: 'acme' });"],
    files: { ProjectSite: 'gcp/foundation/site.ts' },
  },
};

/**
 * Example code that connects the chosen constructs of one cloud in the same way as a blueprint. A construct is left out if a
 * construct that it needs is not chosen; a hint names what is missing.
 * @param into the folder of the copy in the project
 * @param file the file of the project that the lines are for
 */
export function useOf(
  cloud: Cloud,
  names: readonly string[],
  { catalog, root, into, file }: { catalog: Catalog; root: string; into: string; file: string },
): Use {
  const handlers = [...names.filter((name) => catalog.handlers.includes(name)), ...handlersFor(names, catalog, root)].filter(isOf(cloud));
  const platforms = catalog.blueprints.filter(isOf(cloud)).map((one) => readPlatform(one, root));
  const isChosen = (made: { readonly file: string }) => names.some((name) => made.file === name || made.file.startsWith(`${name}/`));
  // The blueprint with most of the chosen constructs comes first, and of several the one with the fewest others.
  const wanted = platforms
    .map(({ made }) => ({ chosen: made.filter(isChosen), size: made.length }))
    .sort((a, b) => b.chosen.length - a.chosen.length || a.size - b.size)
    .flatMap(({ chosen }) => chosen);
  const arrangement = new Arrangement(wanted, handlers);
  const whole = platforms.filter((one) => names.includes(one.file));
  const body = bodyOf(FRAMES[cloud], arrangement, whole);
  const imports = importsOf(body.join('\n'), FRAMES[cloud], arrangement, whole);
  const folder = relative(path.posix.dirname(file), into);
  const [app, ...others] = FRAMES[cloud].app as [string, ...string[]];
  const lines = [
    ...(arrangement.placed.size > 0 ? [app, ...others] : [app.replace(/, \w+ \}/, ' }')]),
    ...imports.map(([name, one]) => `import ${one.isDefault ? name : `{ ${name} }`} from '${folder}/${one.file.replace(/\.ts$/, '')}';`),
    '',
    'const app = new App();',
    ...body,
    'app.synth();',
  ];
  // A construct that is left out may still be used with other constructs.
  const shared = arrangement.left.flatMap(({ made: { props, blueprint } }) =>
    props.flatMap(valuesIn).flatMap(({ text }) => blueprint.imports.get(text)?.file ?? []),
  );
  return {
    cloud,
    file,
    lines: body.length > 0 ? lines : [],
    hints: arrangement.left.map(hintOf),
    handlers,
    entries: [...(handlers.length > 0 ? [PACKAGING] : []), ...shared, ...imports.map(([, one]) => one.file)],
  };
}

/** The body of the example: a stack with constructs, then whole platforms. */
function bodyOf(frame: Frame, arrangement: Arrangement, whole: readonly Platform[]): string[] {
  const placed = [...arrangement.placed.values()];
  const given = placed.flatMap((one) => arrangement.givenTo(one));
  const made = placed.map((one) => {
    const props = one.props.map((prop) => renamed(prop, (name) => arrangement.nameOf(one.made, name)));
    const start = one.variable !== undefined && given.includes(one.variable) ? `const ${one.variable} = ` : '';
    return callOf(`${start}new ${one.made.className}(stack, '${one.id}'`, props);
  });
  return [
    ...(placed.length > 0 ? [...frame.stack, ...(given.includes('site') ? frame.site : [])] : []),
    ...made,
    ...whole.map(({ className, file }) => `new ${className}(app, '${file.split('/')[0]}-${nameOf(file)}');`),
  ];
}

/** The imports from the copy, sorted by file. */
function importsOf(body: string, frame: Frame, arrangement: Arrangement, whole: readonly Platform[]) {
  const known = new Map<string, Imported>(Object.entries(frame.files).map(([name, file]) => [name, { file, isDefault: false }]));
  for (const { made } of arrangement.placed.values()) for (const [name, from] of made.blueprint.imports) known.set(name, from);
  for (const { className, file } of whole) known.set(className, { file, isDefault: false });
  return [...known].filter(([name]) => new RegExp(`\\b${name}\\b`).test(body)).sort(([, a], [, b]) => (a.file < b.file ? -1 : 1));
}

function hintOf({ made: { className, blueprint }, missing, unknown }: Left): string {
  if (missing.length === 0) return `${className} is not in this example: set ${unknown.join(' and ')} as ${blueprint.file} does.`;
  const [is, that] = missing.length > 1 ? ['are', 'them'] : ['is', 'it'];
  const takes = `in ${blueprint.file} it uses ${missing.join(' and ')}, which ${is} not copied`;
  return `${className} is not in this example: ${takes}. Copy ${that} too, or use your own.`;
}

function isOf(cloud: Cloud): (file: string) => boolean {
  return (file) => file.startsWith(`${cloud}/`);
}

/** The name of a blueprint, by its file. */
function nameOf(file: string): string {
  const name = path.posix.basename(file, '.ts');
  return name === 'example' ? path.posix.basename(path.posix.dirname(file)) : name;
}

function relative(from: string, to: string): string {
  const found = path.posix.relative(from, to) || '.';
  return found.startsWith('.') ? found : `./${found}`;
}

/** A call in one line, or with one line for each setting. */
function callOf(start: string, props: readonly string[]): string {
  const line = `${start}${props.length > 0 ? `, { ${props.join(', ')} }` : ''});`;
  return line.length <= 120 ? line : [`${start}, {`, ...props.map((prop) => `  ${prop},`), '});'].join('\n');
}

/** The text of a setting, with renamed values. */
function renamed(prop: ts.ObjectLiteralElementLike, nameFor: (name: string) => string): string {
  let text = prop.getText();
  for (const one of valuesIn(prop).reverse()) {
    const name = nameFor(one.text);
    if (name === one.text) continue;
    const at = one.getStart() - prop.getStart();
    const isShort = prop.getText() === one.text;
    text = text.slice(0, at) + (isShort ? `${one.text}: ${name}` : name) + text.slice(at + one.text.length);
  }
  return text;
}
