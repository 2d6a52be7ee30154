import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Asked, Stack } from '../stack';
import type { Role, ServiceFacts, TypeFacts } from './types';

const ROOT = path.join(__dirname, '../../..');

/** The facts of every service of a cloud. */
export interface Facts {
  /** Every service, by folder: `aws/buffer/kinesis`. */
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** The facts of a type or of the type of a resource, and the folder of its service. */
  type(type: string | Typed): (TypeFacts & { readonly folder: string }) | undefined;
  /**
   * The facts of the type of a resource.
   * @throws Error if there are none, with the file to add them to
   */
  of(resource: Pick<Asked, 'id'> & Typed): TypeFacts & { readonly folder: string };
  /** The type of a resource as facts have it: with its kind, if its type has kinds. */
  typeOf(resource: Typed): string;
  role(resource: Asked, stack: Stack): Role;
}

/** A resource, as far as its type is concerned. */
type Typed = Pick<Asked, 'type'> & Partial<Pick<Asked, 'body'>>;

const known = new Map<string, Facts>();

/**
 * The facts of a cloud: `facts.ts` of each of its services and of its foundation, found by path and read once.
 * @throws Error if two of them have the same type
 */
export function factsOf(cloud: string): Facts {
  const found = known.get(cloud) ?? read(cloud);
  known.set(cloud, found);
  return found;
}

/** The facts of a type. A data source without facts of its own has the facts of the resource type without `data.`. */
export function unknownType(type: string): string {
  const cloud = type.startsWith('AWS::') || type.startsWith('Custom::') ? 'aws' : type.includes('azurerm_') ? 'azure' : 'gcp';
  return `nothing is known of ${type}: write it into facts.ts of the service that makes it, ${cloud}/<stage>/<service>/facts.ts, or into ${cloud}/foundation/facts.ts.`;
}

function read(cloud: string): Facts {
  const folders = [`${cloud}/foundation`, ...foldersIn(cloud).flatMap(foldersIn)];
  const files = folders.filter((folder) => existsSync(path.join(ROOT, folder, 'facts.ts')));
  const services = new Map(
    files.map((folder): [string, ServiceFacts] => [folder, (require(path.join(ROOT, folder, 'facts')) as { facts: ServiceFacts }).facts]),
  );
  const types = new Map<string, TypeFacts & { folder: string }>();
  for (const [folder, { types: own }] of services) {
    for (const [type, facts] of Object.entries(own)) {
      const other = types.get(type);
      if (other)
        throw new Error(`${type} stands in ${other.folder}/facts.ts and in ${folder}/facts.ts. Leave it to the service that makes it.`);
      types.set(type, { ...facts, folder });
    }
  }
  // Several services can have a kind of one type.
  const kinds = [...services.values()].flatMap((service) => (service.kinds ? [service.kinds] : []));
  const typeOf = ({ type, body }: Typed) => {
    const kind = body && kinds.map((ofService) => ofService[type]?.(body)).find((one) => one !== undefined);
    return kind === undefined ? type : `${type} ${kind}`;
  };
  // Of a type with kinds, any of them.
  const ofKinds = new Map([...types].reverse().map(([name, facts]) => [name.split(' ')[0]!, facts]));
  const find = (asked: string | Typed) => {
    return typeof asked === 'string' ? ofKinds.get(asked) : types.get(typeOf(asked));
  };
  return {
    services,
    type: find,
    typeOf,
    of(resource) {
      const facts = find(resource);
      if (facts) return facts;
      throw new Error(`${resource.id}: ${unknownType(resource.type)}`);
    },
    role(resource, stack) {
      const { role } = this.of(resource);
      return typeof role === 'function' ? role(resource, stack) : role;
    },
  };
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(path.join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${folder}/${name}`);
}
