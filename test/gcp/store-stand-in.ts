/** A store on this machine, for the proofs of handlers. `stand-in.ts` beside the tests of a store exports how to start it. */
export interface StoreStandIn {
  /** What the store hands back, by the end of each setting. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where its client finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The ids of the events that are in it. */
  stored(): readonly unknown[];
  stop(): Promise<void>;
}

/** How to start the stores of a file, by the ends of their settings. */
export type StoreStandIns = Readonly<Record<string, () => Promise<StoreStandIn>>>;
