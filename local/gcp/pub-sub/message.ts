/** A message, as it is published. */
export interface Message {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

/** A message that a topic accepted. */
export interface PublishedMessage extends Message {
  readonly messageId: string;
  readonly publishTime: Date;
}
