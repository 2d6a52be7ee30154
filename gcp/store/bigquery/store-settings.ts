import type { IConstruct } from 'constructs';
import { KMS_KEY, requireAbsent, requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { type Column, DEFAULT_COLUMNS, requireColumns } from './event-table';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9_]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and underscores',
  remedy: 'Start with a letter.',
};
const DATASET_ID: TextRule = {
  pattern: /^\w{1,1024}$/,
  must: 'be the id of a dataset',
  remedy: 'Write it without the project, like plants.',
};
const TABLE_ID: TextRule = {
  pattern: /^\w{1,1024}$/,
  must: 'be the id of a table',
  remedy: 'Use letters, digits and underscores, without the dataset, like plants.',
};

/** What both stores of this service have. */
interface CommonSettings {
  readonly datasetId?: string;
  readonly name?: string;
  readonly retentionDays?: number;
  readonly undeleteWindowDays?: number;
  readonly encryptionKey?: string;
}

interface EventSettings extends CommonSettings {
  readonly tableId?: string;
  readonly viewId?: string;
  readonly columns?: readonly Column[];
}

/**
 * The settings of a store of events, checked, with their defaults.
 * @throws SettingError
 */
export function storeSettings(scope: IConstruct, props: EventSettings) {
  const { name, undeleteWindowDays } = common(scope, props, 'events');
  const { columns = DEFAULT_COLUMNS } = props;
  requireColumns(scope, columns);
  const { tableId = props.datasetId === undefined ? 'events' : name } = props;
  requireText(scope, { tableId }, TABLE_ID);
  const { viewId = `unique_${tableId}` } = props;
  requireText(scope, { viewId }, TABLE_ID);
  if (viewId === tableId)
    throw new SettingError(scope, 'viewId must not be the same as tableId', `"${viewId}"`, 'Both are in one dataset. Take another id.');
  return { name, columns, undeleteWindowDays, tableId, viewId };
}

/**
 * The settings of a raw store, checked, with their defaults, and the ids of its table and views.
 * @throws SettingError
 */
export function rawSettings(scope: IConstruct, props: CommonSettings) {
  const { name, undeleteWindowDays } = common(scope, props, 'raw');
  const tableId = props.datasetId === undefined ? 'events' : name;
  return { name, undeleteWindowDays, tableId, viewId: `unique_${tableId}`, rejectedId: `rejected_${tableId}` };
}

export function common(scope: IConstruct, props: CommonSettings, otherwise: string) {
  const { datasetId, retentionDays, encryptionKey, name = otherwise, undeleteWindowDays = 7 } = props;
  requireText(scope, { name }, NAME);
  if (retentionDays !== undefined) {
    requireNumber(scope, { retentionDays }, { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep rows forever.' }, 'known');
  }
  requireNumber(
    scope,
    { undeleteWindowDays },
    { from: 2, to: 7, unit: 'days', remedy: 'It is the range of BigQuery time travel.' },
    'known',
  );
  if (datasetId !== undefined) {
    requireText(scope, { datasetId }, DATASET_ID);
    requireAbsent(scope, 'datasetId', { undeleteWindowDays: props.undeleteWindowDays, encryptionKey });
  }
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  return { name, undeleteWindowDays };
}
