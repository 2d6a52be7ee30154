/** A message as a publisher hands it in. */
export interface Message {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

/** A message that a topic took. */
export interface PublishedMessage extends Message {
  readonly messageId: string;
  readonly publishTime: Date;
}
