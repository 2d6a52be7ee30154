/** A record on its way through a delivery stream. */
export interface BufferedRecord {
  readonly id: string;
  readonly data: Buffer;
  readonly arrived: Date;
}
