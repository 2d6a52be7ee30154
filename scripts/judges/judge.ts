import type { Cloud } from '../../shared/synth/blueprints';

/** Something that a judge found. */
export interface Finding {
  /** The rule, as the judge names it. */
  readonly rule: string;
  /** The resource, or the place, by what it is called in the template. */
  readonly where: string;
  /** What the rule says, in a line. */
  readonly what: string;
  /** Why it stays, as the construct that it concerns says. Without it, the finding fails the check. */
  readonly reason?: string;
}

/** What a judge says of one thing that it looked at. */
export interface Verdict {
  /** What was looked at, such as `aws-pipeline`. */
  readonly subject: string;
  /** How much was looked at, in words: `56 checks passed`. */
  readonly looked: string;
  readonly findings: readonly Finding[];
}

/** Somebody who looks at what was synthesized, and finds fault with it. */
export interface Judge {
  /** Its name, with its version where it has one. */
  readonly name: string;
  /** What it proves when it finds nothing, in a line. */
  readonly proves: string;
  /** The clouds whose blueprints it looks at: at every one, each a subject or the start of one. None for a judge of packages. */
  readonly blueprintsOf: readonly Cloud[];
  /** Set where it needs the internet beyond the package registries. On a machine without it, the judge is not counted. */
  readonly online?: true;
  /**
   * Look.
   * @throws Unavailable when it cannot be asked here, which is never a pass
   */
  run(): Promise<readonly Verdict[]>;
}

/** Says in one line why a judge cannot be asked on this machine, and what to do. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
