import type { Chaos } from '../chaos';
import type { Pace } from '../pace';
import type { Witness } from '../platform';
import type { Assembly } from '../template/assembly';
import { REGION } from '../template/cloudformation';
import { type Resource, Stack } from '../template/stack';

/** A service that an API calls without any code between. */
export interface Integration {
  /** What follows the service in the address of the integration, such as `action/PutRecord`. */
  readonly target: RegExp;
  readonly host: string;
  /** What API Gateway itself sets in a call. */
  headers(target: string): Readonly<Record<string, string>>;
  /** The service took a record: say where it stands, by what it answered. */
  accepted(answer: string): string;
}

/** A function that is handed batches. */
export interface Target {
  readonly arn: string;
  invoke(payload: string): Promise<Invocation>;
}

/** What came of a call of a function: what it answered, or why it failed. */
export type Invocation = { readonly requestId: string } & CallEnd;
export type CallEnd = { readonly payload: string } | { readonly error: string };

/** Brings the records of a source to a function. */
export interface Poller {
  start(): Promise<void>;
  /** Bring nothing more. The calls that are under way must end by themselves. */
  stop(): Promise<void>;
}

/** What a mapping is given to work with. */
export interface MappingSurroundings {
  readonly pace: Pace;
  readonly chaos: Chaos;
  readonly witness: Pick<Witness, 'delivered' | 'answered' | 'incident'>;
}

/** What Lambda polls: it reads the settings of a mapping, as far as they are its own, and brings its records. */
export type EventSource = (mapping: Resource, target: Target, surroundings: MappingSurroundings) => Poller;

/** Where Lambda sends what was given up: what became of it, and the call that failed, which a bucket alone keeps. */
export type Destination = (message: string, payload: string) => Promise<void>;

/** Finds records by their place in a stream. */
export type LookUp = (shard: string, first: string, last: string) => Promise<readonly { readonly data: Buffer }[]>;

/** Processes that write as somebody: each signs with a key id of its own. */
export interface Writers {
  kill(accessKeyId: string): Promise<void>;
  /** Stop it where it stands, until its time is over. */
  stall(accessKeyId: string): void;
}

/** A template of AWS, and what its parts offer each other. */
export class Site {
  readonly stack: Stack;
  readonly asset: Assembly['asset'];
  /** By the name of the service in the address of an integration. */
  readonly integrations = new Map<string, Integration>();
  /** By their ARN. */
  readonly sources = new Map<string, EventSource>();
  /** By their ARN. */
  readonly destinations = new Map<string, Destination>();
  /** By the ARN of the stream. */
  readonly lookUps = new Map<string, LookUp>();
  /** The settings by which clients find a stand-in. */
  readonly clients: Record<string, string> = {};
  /** The settings by which whoever replays finds the stand-ins, and is let in. */
  readonly replays: Record<string, string> = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
  };
  readonly writers: Writers[] = [];

  constructor(readonly assembly: Assembly) {
    this.stack = new Stack(assembly.stackName, assembly.template);
    this.asset = assembly.asset;
  }
}

/** The name that the template gives, or one as CloudFormation makes it, but the same each time. */
export function nameOf(stack: Stack, resource: Resource, property: string, longest: number): string {
  if (stack.value(resource, property) !== undefined) return stack.string(resource, property);
  return `${stack.name}-${resource.id}`.slice(0, longest);
}
