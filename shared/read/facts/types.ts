import type { Access, Step } from '../picture';
import type { Asked, Body, Stack, Value } from '../stack';
import type { Brought, Cost, Load } from './cost';
import type { NotRun, Treatments } from './local';
import type { Edit } from './weaken';

/**
 * The role of a resource. Rules depend on roles: a resource that holds data is encrypted and retained; one that moves data has
 * limited retries and a dead letter.
 */
export const ROLES = ['lets in', 'moves data', 'holds data', 'runs code', 'grants', 'watches', 'helps'] as const;
export type Role = (typeof ROLES)[number];

/** A rule for each resource of a type, and changes that break it. */
export interface Promised {
  /** The name of the rule in findings: `encrypted`, `retained`, `bounded-retries`. */
  readonly rule: string;
  /** The rule in words, after "must". */
  readonly must: string;
  /**
   * The resources to which the rule applies.
   * @default - all of the type
   */
  readonly concerns?: (resource: Asked, stack: Stack) => boolean;
  holds(resource: Asked, stack: Stack): boolean;
  /** Changes that break the rule, by a description in a few words. A check must find each. */
  readonly weakenings: Readonly<Record<string, Edit>>;
}

/** A permission that an identity has or needs. */
export interface Permission {
  /** A role, an identity or a service, by its name in the template. */
  readonly who: string;
  /** An action or a permission. `*` is a wildcard. */
  readonly may: string;
  /** The resource, by its name in the template. */
  readonly on: string;
  /** The condition, or nothing. */
  readonly only: string;
}

/** A permission that is needed. */
export interface Need extends Permission {
  /** Why it is needed: a line of a handler, or the vendor's documentation. */
  readonly because: string;
}

/** Access that comes from a setting, not from a policy or a role. */
export interface Door {
  /** `everyone`, `client` for authorized clients, or the holder of a key. */
  readonly holder: string;
  readonly may: string;
  /** The resource, by its name in the template. */
  readonly on: string;
  readonly condition?: { readonly test: string; readonly value: Value };
}

/** A need without a condition. */
export type Needed = Omit<Need, 'only'> & Partial<Pick<Need, 'only'>>;

/** Code that runs: its identity, its settings, and its bundle. */
export interface Running {
  /** The id of its identity. */
  readonly as: string;
  readonly settings: Readonly<Record<string, string>>;
  /**
   * The value in the template that contains the hash of its bundle.
   * @default - it is no bundle, and the facts list what the code needs
   */
  readonly code?: string;
}

/** The access to a template for facts that describe the flow. */
export interface Seen extends Stack {
  readonly access: readonly Access[];
  /** The description of a resource, in one line: `Kinesis, on demand, 7 days, encrypted, retained`. */
  tell(resource: Asked | undefined): string;
}

/** The facts of one resource type. */
export interface TypeFacts {
  /** Its readable name: `Kinesis stream`. */
  readonly name: string;
  readonly role: Role | ((resource: Asked, stack: Stack) => Role);
  /**
   * The description of a resource, the most important first: the service, and two to four properties. `undefined` is left out.
   * @default - no description
   */
  readonly tells?: (resource: Asked, stack: Stack) => readonly (string | undefined)[];
  /**
   * The setting with its name, and the names that the service allows.
   * @default - it has no name
   */
  readonly named?: readonly [setting: string, fits: RegExp];
  /**
   * The steps of an event that it defines.
   * @default - none
   */
  readonly flow?: (resource: Asked, seen: Seen) => readonly Step[];
  /**
   * The actions or roles that allow to add data to it. An identity with one of them is the start of a step.
   * @default - no data is added to it
   */
  readonly takes?: readonly string[];
  /**
   * The rules for each resource of the type.
   * @default - only the rules of its role
   */
  readonly promises?: readonly Promised[];
  /**
   * Further changes that the least-privilege check, or the check of references, must find.
   * @default - none
   */
  readonly weakenings?: Readonly<Record<string, Edit>>;
  /**
   * The reasons for missing promises of its role, by rule.
   * @default - it makes all promises of its role
   */
  readonly answered?: Readonly<Record<string, string>>;
  /**
   * Access that it allows without a policy or a role: public access, a key.
   * @default - none
   */
  readonly grants?: (resource: Asked, stack: Stack) => readonly Door[];
  /**
   * The permissions that its identity, or a service that uses it, needs.
   * @default - none
   */
  readonly needs?: (resource: Asked, stack: Stack) => readonly Needed[];
  /**
   * The actions of a service that reads it to call a function, such as an event source mapping of Lambda. An action that takes no
   * resource is on `*`.
   * @default - no service reads it for a function
   */
  readonly polledWith?: readonly (string | Pick<Permission, 'may' | 'on'>)[];
  /**
   * How long it keeps a record, in seconds, if it has read positions.
   * @default - it is no stream
   */
  readonly keepsFor?: (stream: Asked) => number;
  /**
   * The code that runs in it. The calls of the code are read from its bundle.
   * @default - none
   */
  readonly runs?: (resource: Asked, stack: Stack) => Running;
  /** How the local run treats its properties. A property that is not listed is refused. A function decides by the properties of a resource. */
  readonly local: Treatments | 'no effect here' | ((properties: Body) => 'no effect here' | NotRun);
  /**
   * The Google Cloud APIs that must be enabled, such as `pubsub`. Required for types of Google Cloud, even if the list is empty.
   * @default - not a type of Google Cloud
   */
  readonly apis?: readonly string[];
  /**
   * The permissions of a role that have an effect on it.
   * @default - all permissions
   */
  readonly effective?: RegExp;
  /**
   * What it costs: the same lines at every load. If it holds or moves data or runs code and is not billed, the reason in a sentence.
   * @default - no cost
   */
  readonly costs?: string | ((resource: Asked, load: Load) => readonly Cost[]);
  /**
   * The stores that its code reads. It writes to all others that it refers to.
   * @default - it reads no store
   */
  readonly reads?: (code: Asked) => readonly Asked[];
  /**
   * The load that its events cause in other resources, if it moves data.
   * @default - it moves no events
   */
  readonly brings?: (mover: Asked, load: Load) => Brought;
  /**
   * Whether its readable name is the name of its stage only, because each stage has one: an identity of Azure.
   * @default false
   */
  readonly calledByStage?: boolean;
  /**
   * The settings with its identity: its permissions must exist before it is created.
   * @default - it has no identity
   */
  readonly actsAs?: readonly string[];
  /**
   * The Terraform settings whose change replaces the resource, as paths without list indexes. A `?` marks a setting that replaces it
   * for some values only, and `*` stands for every setting. For AWS the schema of CloudFormation has this.
   * @default - unknown: any change may replace it
   */
  readonly replacedBy?: readonly string[];
  /**
   * The effect of a change from one value to another, for settings with a `?`. A change that deletes data in place returns what is lost.
   * @default - any change may replace the resource
   */
  readonly decides?: Readonly<Record<string, (before: Value, after: Value) => 'in place' | 'may be replaced' | { readonly loses: string }>>;
  /**
   * Computed attributes for an apply to mocks, in the form that the provider parses. The id of each type of azurerm is required. A list
   * that a template takes an element of is required too: it is empty otherwise.
   * @default - any text
   */
  readonly computed?: Readonly<Record<string, string | readonly Readonly<Record<string, string>>[]>>;
  /**
   * The arguments and attributes of a type without CDKTF bindings. A `!` marks a required argument.
   * @default - from the bindings
   */
  readonly schema?: { readonly settings: readonly string[]; readonly computed: readonly string[] };
}

/** A built-in role of a cloud. */
export interface RoleFacts {
  readonly permissions: readonly string[];
  /** Why it is used although it has more permissions than needed: there is no narrower role. */
  readonly surplus?: string;
}

/** The permission that a call of a client library needs. */
export interface Ask {
  readonly may: string;
  /** The resource, by the settings of the handler: `{STORE_BUCKET}`. */
  readonly on: string;
  /** The condition under which it is allowed to, where what is asked for is a part of the resource. */
  readonly only?: string;
  /** The URL of the request, if the handler builds it. */
  readonly address?: string;
}

/** A call of a library, with its arguments as far as they are known at compile time. */
export interface Call {
  /** The file and the line of the call. */
  readonly where: string;
  readonly arguments: readonly (Symbolic | undefined)[];
  readonly receiver?: Symbolic;
}
export type Symbolic = string | { readonly [key: string]: Symbolic | undefined };

/** One job that a state machine or a workflow starts. */
export interface StartedJob {
  /** The parameters of its start, with each reference to a resource: `${id}` on AWS, `${id.attribute}` on Google Cloud. */
  readonly parameters: Body;
  /** The id of the role of the state machine, or of the service account of the workflow. */
  readonly starter: string;
}

/** The facts of a kind of job that no resource stands for. Its role stands for it in the flow. */
export interface JobFacts {
  /** The id of the role that it runs with. */
  readonly role: (job: StartedJob) => string;
  /** Its description, the most important first: the service, and two to four properties. */
  readonly tells: (job: StartedJob) => readonly string[];
  /** The steps of the files that it reads and writes. `label` is its name in the flow. */
  readonly flow: (job: StartedJob, seen: Seen, label: string) => readonly Step[];
  /** The permissions that it needs, and that whoever starts it needs for that. */
  readonly needs: (job: StartedJob, stack: Stack) => readonly Needed[];
  /** What its runs of a month cost. */
  readonly costs: (job: StartedJob, runs: number, load: Load) => readonly Cost[];
}

/** Why a service does not run on this machine. */
export interface RunsNot {
  /** The reason, without a full stop: it stands in a list. */
  readonly not: string;
  /**
   * The constructs that do not run, by the names of their files.
   * @default - all of the service
   */
  readonly constructs?: readonly string[];
}

/** The facts of a service: `facts.ts` in its folder. */
export interface ServiceFacts {
  /** Its name: `Kinesis`. */
  readonly name: string;
  /** Whether the local run has a part for it, or why not. */
  readonly local: 'runs' | RunsNot;
  /**
   * What no check here proves, because it takes an account. Each in one sentence, for `docs/proof.md`.
   * @default - nothing in particular
   */
  readonly unproven?: readonly string[];
  /**
   * Jobs without a resource, by their integration of Step Functions, `sagemaker:createTrainingJob`, or by the host of their Google API,
   * `bigquery.googleapis.com`.
   * @default - none
   */
  readonly jobs?: Readonly<Record<string, JobFacts>>;
  /**
   * Types whose resources are of several kinds, with the kind of one. In `types` of a service, the kind follows the type, with a space.
   * What is asked of the type alone, such as its settings, is the same for all kinds.
   * @default - all resources of a type are of one kind
   */
  readonly kinds?: Readonly<Record<string, (body: Body) => string | undefined>>;
  /** Its resource types, by their names in templates. */
  readonly types: Readonly<Record<string, TypeFacts>>;
  /**
   * Types that must not be used, and why.
   * @default - none
   */
  readonly forbidden?: Readonly<Record<string, string>>;
  /**
   * Corrections of the cloud's own lists: a metric such as `AWS/RDS Deadlocks`, a type, or an action, and the reason.
   * @default - none
   */
  readonly unlisted?: Readonly<Record<string, string>>;
  /**
   * The permissions that calls of client libraries need, by package and name.
   * @default - none
   */
  readonly calls?: Readonly<Record<string, (call: Call) => readonly Ask[] | undefined>>;
  /**
   * Calls of client libraries that send no request: they create a client, or process local data.
   * @default - none
   */
  readonly harmless?: readonly string[];
  /**
   * The roles of the cloud that concern it, including those that must not be granted.
   * @default - none
   */
  readonly roles?: Readonly<Record<string, RoleFacts>>;
}
