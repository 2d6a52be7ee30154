/** A private network, and the part of it to stand in. */
export interface Network {
  /** The id of the virtual network. */
  readonly networkId: string;
  /** The id of the subnet. */
  readonly subnetId: string;
}
