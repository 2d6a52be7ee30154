/** A virtual network, and the subnet to use. */
export interface Network {
  /** The id of the virtual network. */
  readonly networkId: string;
  /** The id of the subnet. */
  readonly subnetId: string;
}
