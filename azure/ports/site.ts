/** Where resources are created, and how their names start and end. */
export interface Site {
  /** The resource group that holds everything. */
  readonly resourceGroupName: string;
  /** The Azure region, such as `swedencentral`. */
  readonly location: string;
  /** The start of every name: 2 to 11 lower-case letters and digits, starting with a letter. */
  readonly prefix: string;
  /** The end of every name that must be globally unique: 8 lower-case letters and digits, the same at every deploy. */
  readonly suffix: string;
  /** The id of the Log Analytics workspace for logs and metrics. */
  readonly workspaceId: string;
}
