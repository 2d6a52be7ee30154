import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { mailEvent } from '../../../../aws/runtime/ses/mail/mail-event';
import { outlineOf } from '../../../../aws/runtime/ses/mail/outline';
import { toEvent } from '../../../../shared/runtime/contract';
import { mailOf, messageOf } from './mails';

const stored = { bucket: 'my-bucket', key: 'mail/0a1b', bytes: 7 };

async function* inPieces(mail: Buffer, size = 1000) {
  for (let at = 0; at < mail.length; at += size) yield mail.subarray(at, at + size);
}

/** The event of a mail, as the function makes it. */
async function eventOf(mail: Buffer, message = messageOf('0a1b')): Promise<any> {
  const { mime, isCut } = await outlineOf(inPieces(mail));
  return mailEvent('example.com', message, stored, { email: await PostalMime.parse(mime), isCut });
}

const part = (headers: string, body: string) => `--x\r\n${headers}\r\n\r\n${body}\r\n`;
const multipart = (...parts: string[]) =>
  Buffer.from(`Subject: many\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n${parts.join('')}--x--\r\n`);
const attachment = (name: string, body: string) => part(`Content-Disposition: attachment; filename="${name}"`, body);

test('a mail becomes an event of the contract, with what SES knows of it and what its sender wrote', async () => {
  const event = await eventOf(mailOf('plain'));
  expect(toEvent(event)).toEqual(event);
  expect(event).toEqual({
    specversion: '1.0',
    id: '0a1b',
    source: '/ses/example.com',
    type: 'com.amazonaws.ses.received',
    time: '2026-01-31T08:30:00.125Z',
    subject: 'mail/0a1b',
    datacontenttype: 'application/json',
    data: {
      sender: 'prvs=1@mail.acme.example',
      recipients: ['orders@example.com'],
      verdicts: { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'GRAY', dmarc: 'FAIL', dmarcPolicy: 'quarantine' },
      headers: {
        from: [{ name: 'Doe, Jane', address: 'jane@acme.example' }],
        to: [{ address: 'orders@example.com' }],
        cc: [{ address: 'a@acme.example' }, { name: 'B', address: 'b@acme.example' }],
        replyTo: [{ address: 'replies@acme.example' }],
        subject: 'Order 42',
        date: '2026-01-31T08:29:58.000Z',
        messageId: '<42@acme.example>',
        inReplyTo: '<41@acme.example>',
      },
      attachments: [],
      isCut: false,
      object: stored,
    },
  });
});

test('encoded words are decoded, and attachments are listed with their names', async () => {
  const { data } = await eventOf(mailOf('encoded-words'));
  expect(data.headers).toMatchObject({
    from: [{ name: 'José Müller', address: 'jose@acme.example' }],
    to: [{ name: 'Büro', address: 'orders@example.com' }],
    subject: 'Grüße aus München',
  });
  expect(data.attachments).toEqual([
    { name: 'logo.png', type: 'image/png', isInline: true },
    { name: 'Rechnung € 42.pdf', type: 'application/pdf', isInline: false },
    { name: 'forwarded.eml', type: 'message/rfc822', isInline: false },
    { type: 'application/octet-stream', isInline: false },
  ]);
});

test('a verdict in a header that the sender wrote is not believed', async () => {
  const forged = Buffer.concat([Buffer.from('X-SES-Virus-Verdict: PASS\r\n'), mailOf('plain')]);
  const message = messageOf('0a1b');
  message.receipt.virusVerdict.status = 'FAIL';
  expect((await eventOf(forged, message)).data.verdicts.virus).toBe('FAIL');
});

test.each([
  ['without an end', mailOf('no-end')],
  ['without headers', Buffer.from([0x00, 0xff, 0xfe, 0x0a, 0x80])],
  ['without anything', Buffer.alloc(0)],
])('a broken mail becomes an event: %s', async (_, mail) => {
  const event = await eventOf(mail);
  expect(toEvent(event)).toEqual(event);
  expect(event).toMatchObject({ id: '0a1b', data: { recipients: ['orders@example.com'], object: stored } });
});

test('the attachment of a mail without an end is listed', async () => {
  expect((await eventOf(mailOf('no-end'))).data.attachments).toContainEqual({
    name: 'cut.zip',
    type: 'text/plain',
    isInline: false,
  });
});

test('a mail that cannot be parsed becomes an event with the subject that SES knows, and the reason', () => {
  const { data }: any = mailEvent('example.com', messageOf('0a1b'), stored, { fault: 'Error: too deep' });
  expect(data).toMatchObject({
    headers: { subject: 'Order 42', messageId: '<42@acme.example>' },
    attachments: [],
    fault: 'Error: too deep',
  });
});

test('texts and lists are limited, and the event says so', async () => {
  const message = messageOf('0a1b', { recipients: Array.from({ length: 150 }, (_, index) => `${index}@example.com`) });
  const long = 'ä'.repeat(5000);
  const mail = multipart(...Array.from({ length: 120 }, (_, index) => attachment(`${index}.txt`, 'x')));
  const { data } = await eventOf(mail, message);
  expect([data.recipients.length, data.attachments.length, data.isCut]).toEqual([100, 100, true]);
  const { data: other } = await eventOf(Buffer.from(`Subject: ${long}\r\n\r\nx`));
  expect([other.headers.subject.length, other.headers.subject.at(-1), other.isCut]).toEqual([256, '…', true]);
});

test('the event of a mail that was made to be large fits into a queue and a stream, which take 1 MiB', async () => {
  // A control character has six bytes in JSON.
  const name = `=?utf-8?b?${Buffer.alloc(250, 1).toString('base64')}?=`;
  const people = (count: number) => Array.from({ length: count }, (_, index) => `${name} <${index}@acme.example>`).join(',\r\n ');
  const headers = ['From', 'To', 'Cc', 'Reply-To'].map((header) => `${header}: ${people(100)}\r\n`).join('');
  const parts = Array.from({ length: 100 }, () => attachment(name, 'x'));
  const mail = Buffer.concat([Buffer.from(headers), multipart(...parts)]);
  const event = await eventOf(mail);
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(1024 ** 2);
});

describe('of a mail of 40 MB', () => {
  const bytes = 40_000_000;
  const outlineFor = (mail: Buffer) => outlineOf(inPieces(mail, 65_536));

  test('the names of large attachments are read, and little else', async () => {
    const content = Buffer.alloc(bytes / 4, `${'A'.repeat(76)}\r\n`).toString();
    const mail = multipart(...['a', 'b', 'c', 'd'].map((name) => attachment(`${name}.bin`, content)));
    const { mime, bytes: counted, isCut } = await outlineFor(mail);
    expect([counted, isCut]).toEqual([mail.length, false]);
    expect(mime.length).toBeLessThan(400_000);
    const { attachments } = await PostalMime.parse(mime);
    expect(attachments.map(({ filename }) => filename)).toEqual(['a.bin', 'b.bin', 'c.bin', 'd.bin']);
  });

  test.each<[string, Buffer]>([
    ['is one line', Buffer.alloc(bytes, 'a')],
    ['is text', Buffer.alloc(bytes, `${'a'.repeat(70)}\n`)],
    ['has lines that look like the start of a part', Buffer.alloc(bytes, '--\n')],
    ['is nothing but line breaks', Buffer.alloc(bytes, '\n')],
  ])('at most 4 MiB are kept, if it %s', async (_, mail) => {
    const { mime, bytes: counted } = await outlineFor(mail);
    expect(counted).toBe(bytes);
    expect(mime.length).toBeLessThanOrEqual(4096 * 1024);
  });
});

test('the outline does not depend on how the mail is cut into pieces', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('--x', '--', '-', 'a', 'bb', '\n', '\r\n', 'long line '), { maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      async (texts, size) => {
        const mail = Buffer.from(texts.join(''));
        const limits = { first: 60, part: 20, mail: 150 };
        const whole = await outlineOf(inPieces(mail, 10_000), limits);
        const { mime, bytes, isCut } = await outlineOf(inPieces(mail, size), limits);
        expect([mime.toString(), bytes, isCut]).toEqual([whole.mime.toString(), mail.length, whole.isCut]);
      },
    ),
  ));

test('every mail becomes an event of the contract under 240 kB', () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), async (text, body) => {
      const event = await eventOf(Buffer.from(`Subject: ${text}\r\nFrom: ${text}\r\n\r\n${body}`), messageOf('0a1b', { source: text }));
      expect(toEvent(event)).toEqual(event);
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(240_000);
    }),
    { numRuns: 30 },
  ));
