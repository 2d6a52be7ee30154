import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SESMessage } from 'aws-lambda';

/** A mail from the folder `mails`, as SES stores it: git keeps its lines without the carriage returns. */
export function mailOf(name: string): Buffer {
  return Buffer.from(readFileSync(path.join(__dirname, 'mails', `${name}.eml`), 'latin1').replaceAll('\n', '\r\n'), 'latin1');
}

const verdict = (status: SESMessage['receipt']['spamVerdict']['status']) => ({ status });

/** What SES tells a function of a mail, as its documentation shows it. */
export function messageOf(
  messageId: string,
  { recipients = ['orders@example.com'], source = 'prvs=1@mail.acme.example' } = {},
): SESMessage {
  return {
    mail: {
      timestamp: '2026-01-31T08:30:00.125Z',
      source,
      messageId,
      destination: recipients,
      headersTruncated: false,
      headers: [],
      commonHeaders: {
        returnPath: source,
        from: ['"Doe, Jane" <jane@acme.example>'],
        date: 'Sat, 31 Jan 2026 09:29:58 +0100',
        to: recipients,
        messageId: '<42@acme.example>',
        subject: 'Order 42',
      },
    },
    receipt: {
      timestamp: '2026-01-31T08:30:00.125Z',
      processingTimeMillis: 1205,
      recipients,
      spamVerdict: verdict('PASS'),
      virusVerdict: verdict('PASS'),
      spfVerdict: verdict('PASS'),
      dkimVerdict: verdict('GRAY'),
      dmarcVerdict: verdict('FAIL'),
      dmarcPolicy: 'quarantine',
      action: { type: 'Lambda', functionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:mail', invocationType: 'Event' },
    },
  };
}

/** The event of one mail, as SES calls a function with it. */
export const calledWith = (ses: SESMessage) => ({ Records: [{ eventSource: 'aws:ses', eventVersion: '1.0', ses }] });
