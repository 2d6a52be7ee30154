import { existsSync } from 'node:fs';
import path from 'node:path';
import { factsOf } from '../shared/read/facts/find';
import type { AsRead } from './contents';
import { type AllowList, type Coverage, isEmulated } from './coverage';
import type { Made } from './made';
import {
  type Branch,
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

/** The service that receives events. */
export interface Door {
  /** A command that sends an event. */
  readonly command: string;
  send(body: Buffer): Promise<Receipt>;
}

/** A store of rows. */
export interface Store {
  /** A folder, or a command that queries the store. */
  readonly place: string;
  rows(): AsyncIterable<StoredRow>;
  /** The rows without duplicates, if the template has a view or a key for that. */
  readonly uniqueRows?: () => AsyncIterable<StoredRow>;
  /**
   * The form in which a reader gets a row.
   * @default - as the transform returns it
   */
  readonly asRead?: AsRead;
}

/** A dead letter. */
export interface DeadLetter {
  readonly place: string;
  /** One for each buffer whose events it has. */
  readonly replay?: Replay | readonly Replay[];
  letters(): Promise<readonly Letter[]>;
}

/** What a part adds to its platform. */
export interface Brought {
  readonly door?: Door;
  readonly store?: Store;
  readonly deadLetter?: DeadLetter;
  readonly branches?: readonly Branch[];
  /**
   * What the store must have of an event.
   * @default - the rows that the transform returns
   */
  readonly make?: (body: Buffer) => Made;
  /** How many of its events are neither processed nor in a dead letter. */
  unsettled?(): number;
}

/** What a part needs to start. */
export interface Around extends Surroundings {
  /** End it when the platform is stopped, in reverse order. */
  keep(end: () => unknown): void;
}

/**
 * The emulator of one service: `<cloud>/<service>/part.ts` exports it as `PART`. It is started if the template has a resource type
 * with properties that the facts of the service list as emulated.
 *
 * A part does not use other parts directly. It registers its addresses in `Site`, and reads the addresses of other parts there.
 */
export interface Part<Site> {
  /** The settings that are added or replaced so that others find it, one line each. */
  overrides?(site: Site): readonly string[];
  /** Emulated features that are not properties of the template. */
  coverage?(site: Site): Promise<Coverage>;
  /** Start the server and register its address. Addresses of other parts are not available yet. */
  open(site: Site, around: Around): Promise<Opened>;
}

/** A part with an address. */
export interface Opened {
  /** Called when every part has an address: read the addresses of others and start the work. */
  begin?(): Promise<Brought>;
  readonly brought?: Brought;
}

/** Reads the template of a cloud. */
export interface TemplateReader<Site> {
  readonly cloud: Cloud;
  /** @throws RefusedError if the synthesized files cannot be read */
  read(folder: string): Promise<Site>;
  /** How each resource and property is treated, from the lists of known properties. */
  coverage(site: Site, list: AllowList): Coverage;
  readonly overrides?: readonly string[];
}

/** Reads the templates of a cloud, and creates a platform from the parts for the resource types of a template. */
export function readerWith<Site>({ cloud, read, coverage, overrides = [] }: TemplateReader<Site>): ReadBlueprint {
  return async (folder) => {
    const services = servicesOf(cloud);
    const site = await read(folder);
    const ofTemplate = coverage(site, listOf(services));
    const parts = partsFor<Site>(services, ofTemplate);
    // A refused property may be one that the coverage of the parts depends on.
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

/** A service: the treatment of its resource types, and the file of its part, if it has one. */
export interface Service {
  readonly name: string;
  readonly coverage: AllowList;
  readonly part?: string;
}

/** Read the facts of each service. Its part is in the folder of the same name in `local/`: `aws/kinesis/part.ts`. */
export function servicesOf(cloud: Cloud): Service[] {
  return [...factsOf(cloud).services].map(([name, { local, types }]) => {
    const part = path.join(__dirname, cloud, path.basename(name), 'part.ts');
    const hasPart = existsSync(part);
    // A service with a part says of each type what does not run.
    const coverage = Object.entries(types).map(([type, facts]) => {
      return [type, local !== 'runs' && !hasPart && isEmulated(facts.local) ? { notRun: local.not } : facts.local] as const;
    });
    return { name, coverage: Object.fromEntries(coverage), part: hasPart ? part : undefined };
  });
}

/** Merge the lists of several services. */
export function listOf(services: readonly Service[]): AllowList {
  return Object.assign({}, ...services.map(({ coverage }) => coverage));
}

/** Only the needed parts are loaded, because the clients of a service take time to load. */
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
    // Wait for all starts, so that every started part can be ended if another one fails.
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

/** @throws NotRunHere if the template has no service that receives events, or no store */
function platformOf(brought: readonly Brought[], stop: () => Promise<void>): Platform {
  const doors = brought.flatMap(({ door }) => door ?? []);
  const stores = brought.flatMap(({ store }) => store ?? []);
  const deadLetters = brought.flatMap(({ deadLetter }) => deadLetter ?? []);
  const branches = brought.flatMap(({ branches = [] }) => branches);
  const [door] = doors;
  if (!door) throw new NotRunHere('the template', 'it has no service that receives events.');
  if (doors.length > 1)
    throw new NotRunHere('the template', `${doors.length} services receive events, and the local run sends to one only.`);
  if (stores.length === 0) throw new NotRunHere('the template', 'it has no store.');
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
    make: brought.flatMap(({ make }) => make ?? [])[0],
    branches: branches.length > 0 ? branches : undefined,
    letters: () => all(deadLetters.map((deadLetter) => deadLetter.letters())),
    stop,
  };
}

async function* oneAfterTheOther<Item>(many: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  for (const items of many) yield* items;
}

/** End everything that was started, in reverse order. If one fails to end, the others are still ended. */
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
