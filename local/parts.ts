import { existsSync } from 'node:fs';
import path from 'node:path';
import { factsOf } from '../shared/read/facts/find';
import type { AsRead } from './contents';
import { type AllowList, type Coverage, isEmulated } from './coverage';
import {
  type Letter,
  NotRunHere,
  type Platform,
  type ReadBlueprint,
  type Receipt,
  type Replay,
  requireCovered,
  requireParts,
  type StoredRow,
  type Surroundings,
} from './platform';
import type { Cloud } from './state';

/** Where events come in. */
export interface Door {
  /** How to send an event by hand: a command. */
  readonly command: string;
  send(body: Buffer): Promise<Receipt>;
}

/** A place in which rows end. */
export interface Store {
  /** A folder, or a command that queries it. */
  readonly place: string;
  rows(): AsyncIterable<StoredRow>;
  /** The rows without those that were written twice, by whatever the template offers for it. */
  readonly uniqueRows?: () => AsyncIterable<StoredRow>;
  /**
   * How a reader finds a row that a transform made.
   * @default - as it was made
   */
  readonly asRead?: AsRead;
}

/** A place in which events end that cannot be processed. */
export interface DeadLetter {
  readonly place: string;
  readonly replay?: Replay;
  letters(): Promise<readonly Letter[]>;
}

/** What a part brings to the platform that it is put into. */
export interface Brought {
  readonly door?: Door;
  readonly store?: Store;
  readonly deadLetter?: DeadLetter;
  /** How many events lie in it that are neither done nor in a dead letter. */
  unsettled?(): number;
}

/** What a part is opened with. */
export interface Around extends Surroundings {
  /** End it when the platform is stopped: the last that was kept is the first to end. */
  keep(end: () => unknown): void;
}

/**
 * One service of a cloud: `<cloud>/<service>/part.ts` exports it as `PART`. It is for the types of resources whose
 * properties the facts of the service call emulated, and is opened when the template holds one of these.
 *
 * A part knows no other part. It offers what others may look for in `Site`, and looks there for what it needs.
 */
export interface Part<Site> {
  /** What is set or replaced so that others find it, one line each. */
  overrides?(site: Site): readonly string[];
  /** What is emulated of something that the template only leads to. */
  coverage?(site: Site): Promise<Coverage>;
  /** Take a name and an address, and offer it to others. Nothing may be asked of another part yet. */
  open(site: Site, around: Around): Promise<Opened>;
}

/** A part that has an address. */
export interface Opened {
  /** Every part has an address: read what leads to others, and begin. Without it, the part was ready before. */
  begin?(): Promise<Brought>;
  readonly brought?: Brought;
}

/** How the template of a cloud is read. */
export interface TemplateReader<Site> {
  readonly cloud: Cloud;
  /** @throws RefusedError when what was synthesized cannot be read */
  read(folder: string): Promise<Site>;
  /** What this runner does with each resource and property, by a list of what is allowed. */
  coverage(site: Site, list: AllowList): Coverage;
  readonly overrides?: readonly string[];
}

/** Reads the templates of a cloud, and puts a platform together from the parts that are for what a template holds. */
export function readerWith<Site>({ cloud, read, coverage, overrides = [] }: TemplateReader<Site>): ReadBlueprint {
  return async (folder) => {
    const services = servicesOf(cloud);
    const site = await read(folder);
    const ofTemplate = coverage(site, listOf(services));
    const parts = partsFor<Site>(services, ofTemplate);
    // What is refused may be what leads to the rest.
    const isRefused = ofTemplate.some(({ treatment }) => treatment === 'refused');
    const more = isRefused ? [] : await Promise.all(parts.map((part) => part.coverage?.(site) ?? []));
    const covered = [...ofTemplate, ...more.flat()];
    return {
      coverage: covered,
      overrides: [...parts.flatMap((part) => part.overrides?.(site) ?? []), ...overrides],
      start: async (surroundings) => {
        requireParts(covered);
        requireCovered(covered);
        return assemble(parts, await read(folder), surroundings);
      },
    };
  };
}

/** A service: what is done here with its types, and the file of its part, if it has one. */
export interface Service {
  readonly name: string;
  readonly coverage: AllowList;
  readonly part?: string;
}

/** What the facts of each service say of it. Its part lies in the folder of the same name here: `aws/kinesis/part.ts`. */
export function servicesOf(cloud: Cloud): Service[] {
  return [...factsOf(cloud).services].map(([name, { local, types }]) => {
    const part = path.join(__dirname, cloud, path.basename(name), 'part.ts');
    const coverage = Object.entries(types).map(([type, facts]) => {
      return [type, local !== 'runs' && isEmulated(facts.local) ? { notRun: local.not } : facts.local] as const;
    });
    return { name, coverage: Object.fromEntries(coverage), part: existsSync(part) ? part : undefined };
  });
}

/** The lists of several services as one. */
export function listOf(services: readonly Service[]): AllowList {
  return Object.assign({}, ...services.map(({ coverage }) => coverage));
}

/** Only parts that are needed are loaded: the clients of a service take time to load. */
function partsFor<Site>(services: readonly Service[], coverage: Coverage): Part<Site>[] {
  if (coverage.some(({ treatment }) => treatment === 'not run here')) return [];
  const types = new Set(coverage.map(({ type }) => type));
  return services
    .filter((service) => Object.entries(service.coverage).some(([type, treatment]) => types.has(type) && isEmulated(treatment)))
    .flatMap(({ part }) => (part === undefined ? [] : [(require(part) as { PART: Part<Site> }).PART]));
}

async function assemble<Site>(parts: readonly Part<Site>[], site: Site, surroundings: Surroundings): Promise<Platform> {
  const ends: (() => unknown)[] = [];
  const stop = () => endAll(ends);
  try {
    const around: Around = { ...surroundings, keep: (end) => ends.push(end) };
    const opened: Opened[] = [];
    for (const part of parts) opened.push(await part.open(site, around));
    // Whatever begins is waited for, so that it can be ended when another one fails.
    const begun = await Promise.allSettled(opened.map(async ({ begin }) => (await begin?.()) ?? {}));
    const failed = begun.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    const brought = begun.flatMap((one, index) => (one.status === 'fulfilled' ? [opened[index]!.brought ?? {}, one.value] : []));
    return platformOf(brought, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws NotRunHere when events could not come in, or would end nowhere */
function platformOf(brought: readonly Brought[], stop: () => Promise<void>): Platform {
  const doors = brought.flatMap(({ door }) => door ?? []);
  const stores = brought.flatMap(({ store }) => store ?? []);
  const deadLetters = brought.flatMap(({ deadLetter }) => deadLetter ?? []);
  const [door] = doors;
  if (!door) throw new NotRunHere('the template', 'it has no service through which events come in.');
  if (doors.length > 1) throw new NotRunHere('the template', `events come in through ${doors.length} services, and one is sent to here.`);
  if (stores.length === 0) throw new NotRunHere('the template', 'it has no service in which events end.');
  const all = async <Item>(lists: readonly Promise<readonly Item[]>[]) => (await Promise.all(lists)).flat();
  return {
    places: {
      send: door.command,
      store: stores.map(({ place }) => place).join(' and '),
      deadLetter: deadLetters.map(({ place }) => place).join(' and '),
    },
    replays: deadLetters.flatMap(({ replay }) => replay ?? []),
    send: door.send.bind(door),
    unsettled: () => brought.reduce((sum, { unsettled }) => sum + (unsettled?.() ?? 0), 0),
    rows: () => oneAfterTheOther(stores.map((store) => store.rows())),
    uniqueRows: stores.length === 1 ? stores[0]!.uniqueRows : undefined,
    asRead: stores.length === 1 ? stores[0]!.asRead : undefined,
    letters: () => all(deadLetters.map((deadLetter) => deadLetter.letters())),
    stop,
  };
}

async function* oneAfterTheOther<Item>(many: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  for (const items of many) yield* items;
}

/** End what was started, the last first. One that does not end keeps no other from it. */
async function endAll(ends: (() => unknown)[]) {
  const faults: unknown[] = [];
  for (const end of ends.splice(0).reverse()) {
    try {
      await end();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}
