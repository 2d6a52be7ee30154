import { avroFile, type FiledMessage, messagesIn } from '../../../gcp/pub-sub/avro';

/** The messages below, as fastavro 1.13.1 writes them with the codec `null` and the sync marker 0 to 15. */
const BY_FASTAVRO = Buffer.from(
  'T2JqAQQUYXZyby5jb2RlYwhudWxsFmF2cm8uc2NoZW1hogV7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiUHVic3ViTWVzc2FnZSIsICJmaWVsZHMiOiBbeyJuYW1lIjogInN1YnNjcmlwdGlvbl9uYW1lIiwgInR5cGUiOiAic3RyaW5nIn0sIHsibmFtZSI6ICJtZXNzYWdlX2lkIiwgInR5cGUiOiAic3RyaW5nIn0sIHsibmFtZSI6ICJwdWJsaXNoX3RpbWUiLCAidHlwZSI6IHsidHlwZSI6ICJsb25nIiwgImxvZ2ljYWxUeXBlIjogInRpbWVzdGFtcC1taWNyb3MifX0sIHsibmFtZSI6ICJhdHRyaWJ1dGVzIiwgInR5cGUiOiB7InR5cGUiOiAibWFwIiwgInZhbHVlcyI6ICJzdHJpbmcifX0sIHsibmFtZSI6ICJkYXRhIiwgInR5cGUiOiAiYnl0ZXMifV19AAABAgMEBQYHCAkKCwwNDg8E5AU0cHJvamVjdHMvcC9zdWJzY3JpcHRpb25zL3MCMZDpstTc6qQGAAA0cHJvamVjdHMvcC9zdWJzY3JpcHRpb25zL3McMTAwMDAwMDAwMDAwMDL/iHoEGG9yZGVyaW5nX2tleQ5wcmVzcy03AmEEw7wAgAQAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr/AwcLDxMXGx8jJysvMzc7P0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/AAECAwQFBgcICQoLDA0ODw==',
  'base64',
);
const SYNC = Buffer.from(Array.from({ length: 16 }, (_, index) => index));
const subscription = 'projects/p/subscriptions/s';
const MESSAGES: readonly FiledMessage[] = [
  { subscription, messageId: '1', publishTime: new Date('2026-01-31T08:30:00.125Z'), attributes: {}, data: Buffer.alloc(0) },
  {
    subscription,
    messageId: '10000000000002',
    publishTime: new Date('1969-12-31T23:59:59Z'),
    attributes: { ordering_key: 'press-7', a: 'ü' },
    data: Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
  },
];
/** What follows the header, whose JSON may have other spaces. */
const blockOf = (file: Buffer) => file.subarray(file.indexOf(SYNC)).toString('hex');

test('a file has the block that another library writes', () => expect(blockOf(avroFile(MESSAGES, SYNC))).toBe(blockOf(BY_FASTAVRO)));

test('what another library writes is read, and so is what is written', () => {
  expect(messagesIn(BY_FASTAVRO)).toEqual(MESSAGES);
  expect(messagesIn(avroFile(MESSAGES, SYNC))).toEqual(MESSAGES);
});

test('no other file is read', () => {
  expect(() => messagesIn(Buffer.from('{}'))).toThrow('not an Avro file');
  const other = Buffer.from(BY_FASTAVRO.toString('latin1').replace('message_id', 'message_no'), 'latin1');
  expect(() => messagesIn(other)).toThrow('not a file of messages');
});
