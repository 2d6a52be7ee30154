/** Where resources stand and how their forced names begin. */
export interface Site {
  /** The resource group that holds everything. */
  readonly resourceGroupName: string;
  /** The Azure region, such as `swedencentral`. */
  readonly location: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, a letter first. */
  readonly prefix: string;
  /** The end of every name that must be unique in the world: 8 lower-case letters and digits, the same at every deploy. */
  readonly suffix: string;
  /** The id of the Log Analytics workspace that logs and metrics go to. */
  readonly workspaceId: string;
}
