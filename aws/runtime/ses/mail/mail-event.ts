import type { SESMessage } from 'aws-lambda';
import type { Address, Email } from 'postal-mime';
import type { Event } from '../../../../shared/runtime/event';

/** The type of the event of a mail. */
const TYPE = 'com.amazonaws.ses.received';

/** The maximum number of entries of a list, and of characters of a text, so that an event fits into every buffer. */
const [MOST, LONGEST] = [100, 256];

/** The object of a mail in the store. */
export interface Stored {
  readonly bucket: string;
  readonly key: string;
  /** The size of the mail. */
  readonly bytes: number;
}

/** What was read of a mail, or why it could not be read. */
export type Read = { readonly email: Email; readonly isCut: boolean } | { readonly fault: string };

/** A person or a list of persons in a header. */
interface Mailbox {
  readonly name?: string;
  readonly address: string;
}

/**
 * The event of a mail. It has the same id at every retry: the id that SES gave the mail.
 *
 * Sender, recipients and verdicts are from SES. Everything below `headers` was written by the sender of the mail, and can be
 * false. A list has up to 100 entries and a text up to 256 characters, and `isCut` is true if the mail has more.
 * @param domain the domain that receives
 */
export function mailEvent(domain: string, { mail, receipt }: SESMessage, stored: Stored, read: Read): Event {
  let isCut = 'isCut' in read && read.isCut;
  const list = <Entry>(entries: readonly Entry[]): Entry[] => {
    if (entries.length > MOST) isCut = true;
    return entries.slice(0, MOST);
  };
  const text = (value: string): string => {
    const clean = value.replace(/\p{Surrogate}/gu, '\ufffd');
    if (clean.length <= LONGEST) return clean;
    isCut = true;
    return `${clean.slice(0, LONGEST - 1).replace(/[\ud800-\udbff]$/, '')}…`;
  };
  const people = (addresses: readonly Address[] = []) =>
    list(addresses.flatMap(mailboxesOf)).map(({ name, address }) => ({ ...(name && { name: text(name) }), address: text(address) }));

  const common = mail.commonHeaders;
  const parsed = 'email' in read ? read.email : undefined;
  const headers = parsed
    ? {
        from: people(parsed.from ? [parsed.from] : []),
        to: people(parsed.to),
        cc: people(parsed.cc),
        replyTo: people(parsed.replyTo),
        subject: text(parsed.subject ?? ''),
        ...(parsed.date && { date: text(parsed.date) }),
        ...(parsed.messageId && { messageId: text(parsed.messageId) }),
        ...(parsed.inReplyTo && { inReplyTo: text(parsed.inReplyTo) }),
      }
    : { subject: text(common.subject ?? ''), ...(common.messageId && { messageId: text(common.messageId) }) };
  const attachments = list(parsed?.attachments ?? []).map(({ filename, mimeType, disposition }) => ({
    ...(filename && { name: text(filename) }),
    type: text(mimeType),
    isInline: disposition === 'inline',
  }));
  const [recipients, sender] = [list(receipt.recipients).map(text), text(mail.source)];

  return {
    specversion: '1.0',
    id: mail.messageId,
    source: `/ses/${domain}`,
    type: TYPE,
    time: new Date(mail.timestamp).toISOString(),
    subject: stored.key,
    datacontenttype: 'application/json',
    data: {
      sender,
      recipients,
      verdicts: {
        spam: receipt.spamVerdict.status,
        virus: receipt.virusVerdict.status,
        spf: receipt.spfVerdict.status,
        dkim: receipt.dkimVerdict.status,
        dmarc: receipt.dmarcVerdict.status,
        ...(receipt.dmarcPolicy && { dmarcPolicy: receipt.dmarcPolicy }),
      },
      headers,
      attachments,
      isCut,
      ...('fault' in read && { fault: text(read.fault) }),
      object: stored,
    },
  };
}

/** A group such as `Team: a@example.com, b@example.com;` has members. */
function mailboxesOf(address: Address): Mailbox[] {
  return (address.group ?? [address]) as Mailbox[];
}
