import type { IConstruct } from 'constructs';
import type { NumberRule, TextRule } from '../../../shared/synth/settings';
import { CHANNELS, KMS_KEY, requireAbsent, requireNumber, requireOneOf, requireText, requireTexts } from '../../../shared/synth/settings';
import { type EventSchema, requireSchema } from './event-schema';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and hyphens',
  remedy: 'Start with a letter.',
};
const TOPIC_ID: TextRule = {
  pattern: /^projects\/[^/]+\/topics\/[^/]+$/,
  must: 'be the id of a topic',
  remedy: 'Write it like projects/example/topics/orders.',
};
const RETENTION: NumberRule = { from: 1, to: 31, unit: 'days', remedy: 'For longer replay, keep the raw events in a store.' };

interface RawSettings {
  readonly topicId?: string;
  readonly encryptionKey?: string;
  readonly notify?: readonly string[];
  readonly name?: string;
  readonly retentionDays?: number;
  readonly enforceInTransit?: boolean;
  readonly ordered?: boolean;
  readonly schema?: EventSchema;
}

/**
 * The settings of a buffer, checked, with their defaults.
 * @throws SettingError
 */
export function bufferSettings(scope: IConstruct, props: RawSettings) {
  const {
    topicId,
    encryptionKey,
    notify = [],
    name = 'events',
    retentionDays = 7,
    enforceInTransit = false,
    ordered = false,
    schema,
  } = props;
  requireText(scope, { name }, NAME);
  requireNumber(scope, { retentionDays }, RETENTION, 'known');
  requireTexts(scope, { notify }, CHANNELS);
  requireOneOf(scope, { enforceInTransit }, [true, false], 'Leave it out to accept requests from other regions.');
  requireOneOf(scope, { ordered }, [true, false], 'Leave it out to deliver events in any order.');
  if (schema !== undefined) requireSchema(scope, schema);
  if (topicId !== undefined) {
    requireText(scope, { topicId }, TOPIC_ID);
    const { retentionDays: retention, enforceInTransit: inTransit, schema: own } = props;
    requireAbsent(scope, 'topicId', { retentionDays: retention, enforceInTransit: inTransit, schema: own });
  }
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  return {
    topicId,
    kmsKeyName: encryptionKey,
    notify,
    name,
    retentionSeconds: retentionDays * 24 * 3600,
    enforceInTransit,
    ordered,
    schema,
  };
}
