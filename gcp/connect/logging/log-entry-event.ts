import { SHORT_TEXT } from '../../foundation/short-text';
import type { MessageTransform } from '../../ports/delivery';

/**
 * Turns an entry of Cloud Logging into an event of the contract. The insert id and the time of an entry are its id: together they
 * are unique in a project. The entry is the data, letter by letter, so that no number changes. An insert id that is too long for an
 * id is replaced by a hash. Messages of other senders stay as they are. Google has no event type for an entry; this one is ours.
 * @see https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
 */
export const EVENT_OF_LOG_ENTRY: MessageTransform = {
  functionName: 'eventOfLogEntry',
  code: `function eventOfLogEntry(message, metadata) {
  const sent = (message.attributes || {})['logging.googleapis.com/timestamp'];
  if (!sent) return message;
  const entry = JSON.parse(message.data);
  ${SHORT_TEXT}
  const time = entry.timestamp || sent;
  const event = {
    specversion: '1.0',
    id: short(entry.insertId || message.data, 90) + '@' + time,
    source: '//logging.googleapis.com/' + short(entry.logName, 990),
    type: 'google.cloud.logging.entry.v2.written',
    time: time,
    subject: (entry.resource && entry.resource.type) || null,
  };
  return { data: JSON.stringify(event).slice(0, -1) + ',"data":' + message.data + '}', attributes: {} };
}
`,
};
