import type { Construct, IConstruct } from 'constructs';
import { KMS_KEY, requireAbsent, requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Site } from '../../ports/site';
import { type Column, DEFAULT_COLUMNS, requireColumns } from './event-table';
import { requireTags } from './protected-columns';

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
  readonly tableId?: string;
  readonly viewId?: string;
  readonly name?: string;
  readonly retentionDays?: number;
  readonly undeleteWindowDays?: number;
  readonly encryptionKey?: string;
}

interface EventSettings extends CommonSettings {
  readonly site: Site;
  readonly openViewId?: string;
  readonly columns?: readonly Column[];
}

/**
 * The settings of a store of events, checked, with their defaults.
 * @throws SettingError
 */
export function storeSettings(scope: Construct, props: EventSettings) {
  const { name, undeleteWindowDays } = common(scope, props, 'events');
  const { columns = DEFAULT_COLUMNS } = props;
  requireColumns(scope, columns);
  // An existing dataset can be in another region.
  requireTags(scope, columns, props.datasetId === undefined ? props.site.region : undefined);
  const { tableId, viewId } = idsOf(scope, props, name);
  const { openViewId = `open_${tableId}` } = props;
  requireText(scope, { openViewId }, TABLE_ID);
  requireOtherId(scope, { openViewId }, { tableId, viewId });
  return { name, columns, undeleteWindowDays, tableId, viewId, openViewId };
}

function idsOf(scope: IConstruct, props: CommonSettings, name: string) {
  const { tableId = props.datasetId === undefined ? 'events' : name } = props;
  requireText(scope, { tableId }, TABLE_ID);
  const { viewId = `unique_${tableId}` } = props;
  requireText(scope, { viewId }, TABLE_ID);
  requireOtherId(scope, { viewId }, { tableId });
  return { tableId, viewId };
}

function requireOtherId(scope: IConstruct, own: Readonly<Record<string, string>>, others: Readonly<Record<string, string>>) {
  const [[setting, id]] = Object.entries(own) as [[string, string]];
  const twin = Object.keys(others).find((other) => others[other] === id);
  if (twin !== undefined)
    throw new SettingError(scope, `${setting} must not be the same as ${twin}`, `"${id}"`, 'Both are in one dataset. Take another id.');
}

/**
 * The settings of a raw store, checked, with their defaults, and the ids of its table and views.
 * @throws SettingError
 */
export function rawSettings(scope: IConstruct, props: CommonSettings & { readonly rejectedId?: string }) {
  const { name, undeleteWindowDays } = common(scope, props, 'raw');
  const { tableId, viewId } = idsOf(scope, props, name);
  const { rejectedId = `rejected_${tableId}` } = props;
  requireText(scope, { rejectedId }, TABLE_ID);
  requireOtherId(scope, { rejectedId }, { tableId, viewId });
  return { name, undeleteWindowDays, tableId, viewId, rejectedId };
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
