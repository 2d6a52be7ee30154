/** A subnetwork of a VPC network, for what finds the network by it. */
export interface Subnetwork {
  /** The id of the subnetwork, in the region of the site. */
  readonly subnetwork: string;
}

/** A VPC network, and the subnetwork to use. */
export interface Network extends Subnetwork {
  /** The id of the network. */
  readonly network: string;
}
