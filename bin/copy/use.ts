import path from 'node:path';
import type ts from 'typescript';
import type { Cloud } from '../../shared/synth/blueprints';
import { Arrangement } from './arrange';
import { type Catalog, handlersFor } from './choice';
import { readPlatform, valuesIn } from './platform';

/** Lines that use what is copied, and what they need besides. */
export interface Use {
  readonly cloud: Cloud;
  /** The file of the project that the lines are for. */
  readonly file: string;
  readonly lines: readonly string[];
  /** Why something that is copied does not stand in the lines. */
  readonly hints: readonly string[];
  /** The handlers that are copied. */
  readonly handlers: readonly string[];
  /** Files that come along with what is named, so that the lines compile. */
  readonly entries: readonly string[];
}

/** How an app of a cloud begins. */
interface Frame {
  readonly app: readonly string[];
  readonly stack: readonly string[];
  readonly site: readonly string[];
  /** The files of what these lines name. */
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
 * Lines that put together what is chosen of one cloud, as a blueprint of ours does. A construct whose neighbours are not chosen
 * is left out, with a sentence that names them.
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
  // The blueprint that has most of it comes first, so that the lines are mostly those of one.
  const wanted = platforms
    .map(({ made }) => made.filter(isChosen))
    .sort((a, b) => b.length - a.length)
    .flat();
  const arrangement = new Arrangement(wanted, handlers);
  const placed = [...arrangement.placed.values()];
  const whole = platforms.filter((one) => names.includes(one.file));

  const given = placed.flatMap((one) => arrangement.givenTo(one));
  const made = placed.map((one) => {
    const props = one.props.map((prop) => renamed(prop, (name) => arrangement.nameOf(one.made, name)));
    const start = one.variable !== undefined && given.includes(one.variable) ? `const ${one.variable} = ` : '';
    return callOf(`${start}new ${one.made.className}(stack, '${one.id}'`, props);
  });
  const frame = FRAMES[cloud];
  const head = placed.length > 0 ? [...frame.stack, ...(given.includes('site') ? frame.site : [])] : [];
  const body = [...head, ...made, ...whole.map(({ className, file: from }) => `new ${className}(app, '${cloud}-${nameOf(from)}');`)];

  const named = (name: string) => new RegExp(`\\b${name}\\b`).test(body.join('\n'));
  const imports = new Map<string, { readonly file: string; readonly isDefault: boolean }>(
    Object.entries(frame.files).map(([name, from]) => [name, { file: from, isDefault: false }]),
  );
  for (const { blueprint } of placed.map((one) => one.made)) for (const one of blueprint.imports) imports.set(...one);
  for (const { className, file: from } of whole) imports.set(className, { file: from, isDefault: false });
  const own = [...imports].filter(([name]) => named(name)).sort(([, a], [, b]) => (a.file < b.file ? -1 : 1));
  const folder = relative(path.posix.dirname(file), into);
  const lines = [
    ...(placed.length > 0 ? frame.app : [frame.app[0]!.replace(/, \w+ \}/, ' }')]),
    ...own.map(([name, one]) => `import ${one.isDefault ? name : `{ ${name} }`} from '${folder}/${one.file.replace(/\.ts$/, '')}';`),
    '',
    'const app = new App();',
    ...body,
    'app.synth();',
  ];
  // What is left out may still be used with something else beside it.
  const shared = arrangement.left.flatMap(({ made: { props, blueprint } }) =>
    props.flatMap(valuesIn).flatMap(({ text }) => blueprint.imports.get(text)?.file ?? []),
  );
  return {
    cloud,
    file,
    lines: body.length > 0 ? lines : [],
    hints: arrangement.left.map(({ made: { className, blueprint }, missing }) => {
      const [is, that] = missing.length > 1 ? ['are', 'them'] : ['is', 'it'];
      return `${className} is not in these lines: in ${blueprint.file} it takes ${missing.join(' and ')}, which ${is} not copied. Name ${that} too, or give it your own.`;
    }),
    handlers,
    entries: [...(handlers.length > 0 ? [PACKAGING] : []), ...shared, ...own.map(([, one]) => one.file)],
  };
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

/** A call as one line, or with a line for each setting. */
function callOf(start: string, props: readonly string[]): string {
  const line = `${start}${props.length > 0 ? `, { ${props.join(', ')} }` : ''});`;
  return line.length <= 120 ? line : [`${start}, {`, ...props.map((prop) => `  ${prop},`), '});'].join('\n');
}

/** The text of a setting, with other names for values. */
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
