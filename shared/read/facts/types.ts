import type { Access, Step } from '../picture';
import type { Asked, Stack, Value } from '../stack';
import type { Brought, Cost, Load } from './cost';
import type { Treatments } from './local';
import type { Edit } from './weaken';

/**
 * What a resource is there for. Rules are held against roles: whatever holds data is encrypted and retained, whatever moves
 * data gives up in the end and says so.
 */
export const ROLES = ['lets in', 'moves data', 'holds data', 'runs code', 'grants', 'watches', 'helps'] as const;
export type Role = (typeof ROLES)[number];

/** Something that must be so of each resource of a type, and ways to break it. */
export interface Promised {
  /** The rule, as it is named in what it finds: `encrypted`, `retained`, `bounded-retries`. */
  readonly rule: string;
  /** What must be so, after "must". */
  readonly must: string;
  /**
   * Which of them it concerns.
   * @default - all of them
   */
  readonly concerns?: (resource: Asked, stack: Stack) => boolean;
  holds(resource: Asked, stack: Stack): boolean;
  /** What is worse, in a few words, and the change that makes it so. Somebody must object to each. */
  readonly weakenings: Readonly<Record<string, Edit>>;
}

/** One thing that somebody may do, or needs to. */
export interface Permission {
  /** A role, an identity or a service, as the template calls it. */
  readonly who: string;
  /** An action or a permission. `*` in it stands for anything. */
  readonly may: string;
  /** The resource, as the template calls it. */
  readonly on: string;
  /** The condition, or nothing. */
  readonly only: string;
}

/** A permission that the work takes. */
export interface Need extends Permission {
  /** What it is needed for: a line of a handler, or what a vendor's page asks for. */
  readonly because: string;
}

/** Somebody who is let in by a setting that is no policy and no role. */
export interface Door {
  /** Who: `everyone`, a `client` who is authorized, whoever has a key. */
  readonly holder: string;
  readonly may: string;
  /** The resource, as the template calls it. */
  readonly on: string;
  readonly condition?: { readonly test: string; readonly value: Value };
}

/** A need without a condition says none. */
export type Needed = Omit<Need, 'only'> & Partial<Pick<Need, 'only'>>;

/** Code that runs: as whom, with which settings, and what in the template tells which code it is. */
export interface Running {
  /** The id of the identity that it runs as. */
  readonly as: string;
  readonly settings: Readonly<Record<string, string>>;
  /** What the template says of the code: the hash of its bundle stands in it. */
  readonly code: string;
}

/** What is seen of a template by whoever draws the way of an event. */
export interface Seen extends Stack {
  readonly access: readonly Access[];
  /** What a person is told of a resource, in one line: `Kinesis, on demand, 7 days, encrypted, retained`. */
  tell(resource: Asked | undefined): string;
}

/** What is known of one type of resource. */
export interface TypeFacts {
  /** What people call one: `Kinesis stream`. */
  readonly name: string;
  readonly role: Role | ((resource: Asked, stack: Stack) => Role);
  /**
   * What a reader is told of one, in the order of importance: the service, and two to four properties. What is `undefined`
   * is left out.
   * @default - nothing is told
   */
  readonly tells?: (resource: Asked, stack: Stack) => readonly (string | undefined)[];
  /**
   * The setting that holds its name, and which names the service takes.
   * @default - it has no name of its own
   */
  readonly named?: readonly [setting: string, fits: RegExp];
  /**
   * The steps of an event's way that it says something about.
   * @default - none
   */
  readonly flow?: (resource: Asked, seen: Seen) => readonly Step[];
  /**
   * The actions or roles with which somebody adds data to it: a step of an event's way from who may do one of them.
   * @default - nobody adds data to it
   */
  readonly takes?: readonly string[];
  /**
   * What must be so of each.
   * @default - nothing beyond what its role asks for
   */
  readonly promises?: readonly Promised[];
  /**
   * What makes it worse besides a broken promise: least privilege, or whoever reads references, must object to each.
   * @default - nothing
   */
  readonly weakenings?: Readonly<Record<string, Edit>>;
  /**
   * Why a promise that its role asks for is not given, by the rule.
   * @default - all of them are given
   */
  readonly answered?: Readonly<Record<string, string>>;
  /**
   * Whom it lets in by itself, besides what policies and roles say: a door that stands open, a key.
   * @default - nobody
   */
  readonly grants?: (resource: Asked, stack: Stack) => readonly Door[];
  /**
   * What its work takes: which permissions its identity, or a service that acts on it, needs.
   * @default - none
   */
  readonly needs?: (resource: Asked, stack: Stack) => readonly Needed[];
  /**
   * The actions that a service takes which reads it to call a function, such as an event source mapping of Lambda.
   * @default - nobody reads it for a function
   */
  readonly polledWith?: readonly string[];
  /**
   * The code that runs in it. What the code calls is read from its bundle.
   * @default - none
   */
  readonly runs?: (resource: Asked, stack: Stack) => Running;
  /** What the local run does with its properties. A property that is not listed is refused. */
  readonly local: Treatments | 'no effect here';
  /**
   * The APIs of Google that must be switched on, such as `pubsub`. A type of Google says so, even where there are none.
   * @default - it is no type of Google
   */
  readonly apis?: readonly string[];
  /**
   * Which permissions of a role have an effect on one.
   * @default - all of them
   */
  readonly effective?: RegExp;
  /**
   * What it costs: the same lines at every load. Where it holds or moves data or runs code and is not billed itself, a sentence says why.
   * @default - nothing
   */
  readonly costs?: string | ((resource: Asked, load: Load) => readonly Cost[]);
  /**
   * What becomes of the events that it moves, for one that moves data.
   * @default - it brings them to nobody
   */
  readonly brings?: (mover: Asked, load: Load) => Brought;
  /**
   * Whether a person calls it after its stage alone, since a stage has one: an identity of Azure.
   * @default false
   */
  readonly calledByStage?: boolean;
  /**
   * The settings that say as whom it acts: it waits for what they are granted.
   * @default - it acts as nobody
   */
  readonly actsAs?: readonly string[];
  /**
   * The settings of Terraform whose change replaces it, by their paths without numbers of list places. A `?` marks one that replaces
   * it from some values to others, and `*` stands for every setting. CloudFormation says it of its own types.
   * @default - nobody knows: any change may replace it
   */
  readonly replacedBy?: readonly string[];
  /**
   * What a change from one value to another does, for settings with a `?`. A change that loses data in place says what is lost.
   * @default - any change may replace it
   */
  readonly decides?: Readonly<Record<string, (before: Value, after: Value) => 'in place' | 'may be replaced' | { readonly loses: string }>>;
  /**
   * What Terraform's provider computes, in the form that it parses itself, for an apply to mocks. The id of each type of
   * azurerm is needed.
   * @default - any word will do
   */
  readonly computed?: Readonly<Record<string, string>>;
  /**
   * What can be set and is computed, for a type that CDKTF has no bindings for. A `!` marks what must be set.
   * @default - the bindings say it
   */
  readonly schema?: { readonly settings: readonly string[]; readonly computed: readonly string[] };
}

/** A role that a cloud has built in. */
export interface RoleFacts {
  readonly permissions: readonly string[];
  /** Why it is right, where it holds more than is needed and nothing narrower is to be had. */
  readonly surplus?: string;
}

/** What a call of a client library asks of a cloud. */
export interface Ask {
  readonly may: string;
  /** The resource, as the settings of the handler name it: `{STORE_BUCKET}`. */
  readonly on: string;
  /** The condition under which it is allowed to, where what is asked for is a part of the resource. */
  readonly only?: string;
  /** The address that the request goes to, where the handler makes it itself. */
  readonly address?: string;
}

/** A call of a library, with what stands in its arguments as far as it is known while compiling. */
export interface Call {
  readonly arguments: readonly (Symbolic | undefined)[];
  readonly receiver?: Symbolic;
}
export type Symbolic = string | { readonly [key: string]: Symbolic | undefined };

/** What is known of a service: `facts.ts` in its folder. */
export interface ServiceFacts {
  /** What people call it: `Kinesis`. */
  readonly name: string;
  /** Whether the local run has a part for it, or why not. */
  readonly local: 'runs' | { readonly not: string };
  /** Its types of resources, by their names in the template's language. */
  readonly types: Readonly<Record<string, TypeFacts>>;
  /**
   * Types that nobody should make, and why.
   * @default - none
   */
  readonly forbidden?: Readonly<Record<string, string>>;
  /**
   * What the cloud's own lists lack, or put otherwise: a metric as `AWS/RDS Deadlocks`, or a type, and why it holds.
   * @default - none
   */
  readonly unlisted?: Readonly<Record<string, string>>;
  /**
   * The calls of client libraries, by package and name: what each asks for.
   * @default - none
   */
  readonly calls?: Readonly<Record<string, (call: Call) => readonly Ask[] | undefined>>;
  /**
   * Calls of client libraries that ask nothing of the cloud: they make a client, or work on what is at hand.
   * @default - none
   */
  readonly harmless?: readonly string[];
  /**
   * The roles of the cloud that matter for it, those among them that nobody should be given.
   * @default - none
   */
  readonly roles?: Readonly<Record<string, RoleFacts>>;
}
