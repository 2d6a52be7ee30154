import { Aws } from 'aws-cdk-lib';
import { EmailIdentity, type IEmailIdentity } from 'aws-cdk-lib/aws-ses';

/** A DNS record of the domain. */
export interface DnsRecord {
  /** The full name of the record. */
  readonly name: string;
  readonly type: 'MX' | 'CNAME' | 'TXT';
  readonly value: string;
  /** What does not work without it, as a sentence. */
  readonly purpose: string;
}

/**
 * The DNS records of a domain. The records of an existing identity are not known here: only the one to receive is returned.
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-mx-record.html
 * @see https://docs.aws.amazon.com/ses/latest/dg/mail-from.html
 */
export function recordsOf(domain: string, mailFrom: string, identity: IEmailIdentity): DnsRecord[] {
  const receive: DnsRecord = {
    name: domain,
    type: 'MX',
    value: `10 inbound-smtp.${Aws.REGION}.amazonaws.com`,
    purpose: 'Without it, no mail is received.',
  };
  if (!(identity instanceof EmailIdentity)) return [receive];
  return [
    receive,
    ...identity.dkimRecords.map(({ name, value }): DnsRecord => {
      return { name, type: 'CNAME', value, purpose: 'Without it, SES does not verify the domain: nothing is received or sent.' };
    }),
    {
      name: mailFrom,
      type: 'MX',
      value: `10 feedback-smtp.${Aws.REGION}.amazonses.com`,
      purpose: 'Without it, mails are sent from a domain of SES, and DMARC relies on DKIM alone.',
    },
    { name: mailFrom, type: 'TXT', value: 'v=spf1 include:amazonses.com ~all', purpose: 'Without it, the SPF check of receivers fails.' },
    {
      name: `_dmarc.${domain}`,
      type: 'TXT',
      value: 'v=DMARC1; p=quarantine',
      purpose: 'Without it, others can send mails in the name of the domain.',
    },
  ];
}
