import type { Chaos } from '../chaos';
import type { Pace } from '../pace';
import type { Letter, Witness } from '../platform';
import type { Assembly } from '../template/assembly';
import { REGION } from '../template/cloudformation';
import { type Resource, Stack } from '../template/stack';

/** A service that an API calls without code in between. */
export interface Integration {
  /** The end of the integration URI, after the service, such as `action/PutRecord`. */
  readonly target: RegExp;
  readonly host: string;
  /** The headers that API Gateway sets itself. */
  headers(target: string): Readonly<Record<string, string>>;
  /** @returns the position of the record, from the response of the service that accepted it */
  accepted(answer: string): string;
}

/** A function that is called with batches. */
export interface Target {
  readonly arn: string;
  invoke(payload: string): Promise<Invocation>;
}

/** The result of a call of a function: its response, or why it failed. */
export type Invocation = { readonly requestId: string } & CallEnd;
export type CallEnd = { readonly payload: string } | { readonly error: string };

/** Delivers the records of a source to a function. */
export interface Poller {
  start(): Promise<void>;
  /** Deliver no more records, and wait for the calls that are running. */
  stop(): Promise<void>;
}

/** What an event source mapping of any source uses. */
export interface MappingContext {
  readonly pace: Pace;
  readonly chaos: Chaos;
  readonly witness: Pick<Witness, 'delivered' | 'answered' | 'incident'>;
}

/** A source that Lambda polls: it reads the settings of the mapping that belong to it, and creates the poller. */
export type EventSource = (mapping: Resource, target: Target, context: MappingContext) => Poller;

/** An on-failure destination. `message` describes the failure, and `payload` is that of the failed call: only a bucket stores it. */
export type Destination = (message: string, payload: string) => Promise<void>;

/** Finds records by their position in a stream. */
export type LookUp = (shard: string, first: string, last: string) => Promise<readonly { readonly data: Buffer }[]>;

/** Processes that write to stores. Each signs its requests with its own access key id. */
export interface Writers {
  kill(accessKeyId: string): Promise<void>;
  /** Pause the process until its timeout. */
  stall(accessKeyId: string): void;
}

/** Objects with events that a service could not deliver, below a prefix of a bucket. */
export interface Failures {
  readonly prefix: string;
  read(content: Buffer, place: string): readonly Letter[];
}

/** A synthesized stack, and what the emulated services use of each other. */
export class Site {
  readonly stack: Stack;
  readonly asset: Assembly['asset'];
  /** By the name of the service in the integration URI. */
  readonly integrations = new Map<string, Integration>();
  /** By their ARN. */
  readonly sources = new Map<string, EventSource>();
  /** By their ARN. */
  readonly destinations = new Map<string, Destination>();
  /** By the ARN of the stream. */
  readonly lookUps = new Map<string, LookUp>();
  /** The environment variables with the endpoints for clients. */
  readonly clients: Record<string, string> = {};
  /** The environment variables with the endpoints and credentials for a replay. */
  readonly replays: Record<string, string> = {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
  };
  readonly writers: Writers[] = [];
  /** The sources of events that a service makes itself, such as the changes of a table. The run did not send them. */
  readonly derived = new Set<string>();
  /** The access key ids of services that write to stores. A store refuses none of their writes because of a row in it. */
  readonly services = new Set<string>();
  /** By the ARN of the bucket. */
  readonly failures = new Map<string, Failures>();
  /** Functions that a service calls itself, without an event source mapping, by their logical ids. */
  readonly called = new Map<string, { readonly started: Promise<Target>; readonly start: (target: Target) => void }>();

  constructor(readonly assembly: Assembly) {
    this.stack = new Stack(assembly.stackName, assembly.template);
    this.asset = assembly.asset;
  }

  /** A function without an event source mapping, once it has started. Ask for it before the work of the parts starts. */
  callOf(functionId: string): Promise<Target> {
    const known = this.called.get(functionId);
    if (known) return known.started;
    let start: (target: Target) => void = () => {};
    const started = new Promise<Target>((resolve) => {
      start = resolve;
    });
    this.called.set(functionId, { started, start });
    return started;
  }
}

/** The name in the template, or one like CloudFormation creates it, but the same at each run. */
export function nameOf(stack: Stack, resource: Resource, property: string, longest: number): string {
  if (stack.value(resource, property) !== undefined) return stack.string(resource, property);
  return `${stack.name}-${resource.id}`.slice(0, longest);
}
