import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { STAGES } from '../../shared/read/picture';
import { CLOUDS, findBlueprints } from '../../shared/synth/blueprints';
import type { HandlerNeeds } from '../../shared/synth/handler-needs';
import { filesIn, importsIn } from './closure';

/** Everything that can be copied, by path. */
export interface Catalog {
  /** Folders such as `aws/buffer/kinesis`. */
  readonly services: readonly string[];
  /** Folders such as `aws/handlers/kinesis-to-s3`. */
  readonly handlers: readonly string[];
  /** Files of whole platforms, such as `aws/architectures/pipeline.ts`. */
  readonly blueprints: readonly string[];
  /** Files that several services use, such as `aws/foundation/network.ts`. */
  readonly foundation: readonly string[];
}

/** The command line is invalid. */
export class Misunderstood extends Error {}

/** Find everything that can be copied. */
export function catalogOf(root: string): Catalog {
  const inside = (folder: string) =>
    existsSync(path.join(root, folder)) ? readdirSync(path.join(root, folder), { withFileTypes: true }) : [];
  const folders = (folder: string) => inside(folder).flatMap((entry) => (entry.isDirectory() ? [`${folder}/${entry.name}`] : []));
  const stages = CLOUDS.flatMap((cloud) => STAGES.map((stage) => `${cloud}/${stage.toLowerCase()}`));
  return {
    services: stages.flatMap(folders),
    handlers: CLOUDS.flatMap((cloud) => folders(`${cloud}/handlers`)),
    blueprints: findBlueprints(CLOUDS, root).map(({ file }) => file),
    foundation: CLOUDS.flatMap((cloud) => (inside(`${cloud}/foundation`).length > 0 ? filesIn(`${cloud}/foundation`, root) : [])).filter(
      (file) => /^\w+\/foundation\/[^/]+\.ts$/.test(file),
    ),
  };
}

/** The paths of everything that can be copied. */
export function pathsOf({ services, handlers, blueprints, foundation }: Catalog): string[] {
  return [...services, ...handlers, ...blueprints, ...foundation];
}

/**
 * Find the paths for names on the command line.
 * @throws Misunderstood if a name is not in the catalog
 */
export function chosen(words: readonly string[], catalog: Catalog): string[] {
  const known = pathsOf(catalog);
  return words.map((word) => {
    const name = word.replace(/^\.\//, '').replace(/\/+$/, '');
    const found = known.find((one) => one === name || one === `${name}.ts`);
    if (found !== undefined) return found;
    const near = known.filter((one) => one.split('/').includes(path.posix.basename(name, '.ts')) || one.includes(name));
    const hint = near.length > 0 ? `Did you mean ${near.slice(0, 3).join(' or ')}?` : 'Run with --list to see everything that can.';
    throw new Misunderstood(`${JSON.stringify(word)} cannot be copied. ${hint}`);
  });
}

/**
 * If a processor is chosen: the handlers that read from a chosen service and write to another one that is a chosen store, or to any
 * store if none is chosen. A handler that also calls a service, such as an endpoint of SageMaker, comes along with that service.
 */
export function handlersFor(names: readonly string[], catalog: Catalog, root: string): string[] {
  const services = names.filter((name) => catalog.services.includes(name));
  const processors = services.filter((name) => name.split('/')[1] === 'processing');
  const formats = new Map(services.flatMap((name) => formatsOf(name, root).map((format) => [format, name] as const)));
  return catalog.handlers.filter((handler) => {
    const [cloud] = handler.split('/');
    const { source, sinks } = handlerOf(handler, root);
    // `blob-by-service-bus` reads what a store holds when a queue names it.
    const [, held, by] = /^(.+)-by-(.+)$/.exec(source) ?? [];
    const from = formats.get(by ?? source);
    const holder = held && `${cloud}/store/${held}`;
    const reads = from?.startsWith(`${cloud}/`) === true && (holder === undefined || services.includes(holder));
    const called = catalog.services.filter((name) => sinks.some((sink) => name.startsWith(`${cloud}/`) && name.endsWith(`/${sink}`)));
    const isStore = (name: string) => name.startsWith(`${cloud}/store/`);
    const stores = services.filter(isStore);
    const writes = stores.length === 0 || called.some((name) => stores.includes(name) && name !== from && name !== holder);
    const isWhole = called.every((name) => isStore(name) || services.includes(name));
    return reads && writes && isWhole && processors.some((name) => name.startsWith(`${cloud}/`));
  });
}

/** The record formats of a service. */
function formatsOf(service: string, root: string): string[] {
  const texts = filesIn(service, root).map((file) => readFileSync(path.join(root, file), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/^\s+readonly format = '([^']+)';/gm)].map(([, format]) => format!));
}

/** The record format that a handler reads, and the sinks that it imports, which have the names of services. */
function handlerOf(handler: string, root: string): { readonly source: string; readonly sinks: readonly string[] } {
  const { source } = JSON.parse(readFileSync(path.join(root, handler, 'needs.json'), 'utf8')) as HandlerNeeds;
  const imports = importsIn(readFileSync(path.join(root, handler, 'main.ts'), 'utf8'));
  return { source, sinks: imports.flatMap((name) => /\/runtime\/sinks\/([^/]+)$/.exec(name)?.[1] ?? []) };
}
