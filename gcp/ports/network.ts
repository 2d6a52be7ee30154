/** A VPC network, and the subnetwork to use. */
export interface Network {
  /** The id of the network. */
  readonly network: string;
  /** The id of the subnetwork, in the region of the site. */
  readonly subnetwork: string;
}
