import { amountOr, type Cost, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { alertOn, alertsOf, armId, LOG_ALERT, ON_RECORD, referring } from '../../foundation/promises';

const FACTORY = 'azurerm_data_factory';
const LINK = 'azurerm_data_factory_linked_service_azure_blob_storage';
const FILES = 'azurerm_data_factory_dataset_binary';
const PIPELINE = 'azurerm_data_factory_pipeline';
const WINDOWS = 'azurerm_data_factory_trigger_tumbling_window';
const CREATED = 'azurerm_data_factory_trigger_blob_event';
/** Azure evaluates logs of two days at most, so silence is noticed for windows of up to a day, in minutes. */
const NOTICED = 1440;
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const PART = ['name', 'data_factory_id'];
const PART_NAME = /^[A-Za-z0-9_][^<>*#.%&:\\+?/]{0,259}$/;
/** The triggers of a factory. */
const triggers: Which = (factory, draft) => [WINDOWS, CREATED].flatMap((type) => referring(type)(factory, draft));
const part = (kind: string) => armId(`Microsoft.DataFactory/factories/acme/${kind}/copy`);

export const facts: ServiceFacts = {
  name: 'Data Factory',
  local: { not: 'Data Factory is not emulated: the local run copies no files' },
  unproven: [
    'That Azure keeps the fields of the copy activity as they are written, so that the second plan is empty.',
    'That a copy finds the files of its window by their time, at both ends.',
    'That the roles of a factory suffice for a copy, and the role Contributor for the subscription of its trigger to new files.',
    'That the folder of a new file starts with its container, as the documentation of Data Factory says.',
  ],
  types: {
    [FACTORY]: {
      name: 'factory',
      role: 'runs code',
      replacedBy: ['name', 'resource_group_name', 'location', 'managed_virtual_network_enabled?'],
      named: ['name', /^[A-Za-z0-9](-?[A-Za-z0-9]){2,62}$/],
      tells: (factory, stack) => [
        'Data Factory',
        ...partsOf(factory, stack, WINDOWS).map((trigger) => `each ${only(trigger, 'interval')} minutes`),
        ...partsOf(factory, stack, CREATED).map(() => 'each new file'),
        ...partsOf(factory, stack, PIPELINE).flatMap((pipeline) =>
          activitiesOf(pipeline).map(({ policy }) => `${policy?.retry ?? 0} retries`),
        ),
      ],
      runs: (factory) => ({ as: factory.id, settings: {} }),
      flow: readsFrom,
      needs: copyNeeds,
      promises: [
        setTo({
          rule: 'own-identity',
          must: 'have an identity of its own',
          at: 'identity.type',
          to: ['SystemAssigned'],
          weak: 'UserAssigned',
          worse: 'it acts as an identity of others',
        }),
        promised('ready-before-work', 'start after the roles of its identity exist', isReady, {
          'its trigger starts before its roles exist': set('depends_on', undefined, triggers),
        }),
        alertOn('PipelineFailedRuns', 'have an alert that fires when a run fails'),
        alertOn('TriggerFailedRuns', 'have an alert that fires when its trigger fails'),
        {
          ...promised('rings', 'have an alert that fires when no window is copied', hasAbsenceAlert, {
            'there is no alert on windows that are not copied': remove(referring(LOG_ALERT)),
            'the alert on windows that are not copied has a threshold of a thousand': set(
              'criteria.0.threshold',
              1000,
              referring(LOG_ALERT),
            ),
          }),
          concerns: (factory, stack) => partsOf(factory, stack, WINDOWS).some((trigger) => amount(trigger, 'interval') <= NOTICED),
        },
        ON_RECORD,
      ],
      costs: runCosts,
      computed: { id: armId('Microsoft.DataFactory/factories/acme') },
      local: {},
    },
    [LINK]: {
      name: 'linked store',
      role: 'helps',
      replacedBy: PART,
      named: ['name', PART_NAME],
      promises: [
        setTo({
          rule: 'no-keys',
          must: 'sign in with the identity of the factory',
          at: 'use_managed_identity',
          to: [true],
          weak: false,
          worse: 'it signs in with a key',
        }),
        setTo({
          rule: 'works',
          must: 'say the kind of its account: without it, a copy with an identity fails',
          at: 'storage_kind',
          to: ['StorageV2'],
          worse: 'its account has no kind',
        }),
      ],
      computed: { id: part('linkedServices') },
      local: {},
    },
    [FILES]: {
      name: 'dataset',
      role: 'helps',
      replacedBy: PART,
      named: ['name', PART_NAME],
      computed: { id: part('datasets') },
      local: {},
    },
    [PIPELINE]: {
      name: 'pipeline',
      role: 'helps',
      replacedBy: PART,
      named: ['name', PART_NAME],
      promises: [
        promised(
          'bounded-retries',
          'try a copy again at most 10 times',
          (pipeline) => activitiesOf(pipeline).every(({ policy }) => policy !== undefined && policy.retry <= 10),
          { 'a copy is tried a thousand times before an alert fires': replace(/\\"retry\\":\d+/, '\\"retry\\":1000') },
        ),
      ],
      computed: { id: part('pipelines') },
      local: {},
    },
    [WINDOWS]: {
      name: 'trigger',
      role: 'helps',
      replacedBy: [...PART, 'frequency', 'interval', 'start_time'],
      named: ['name', PART_NAME],
      promises: [
        setTo({
          rule: 'one-at-a-time',
          must: 'copy one window at a time',
          at: 'max_concurrency',
          to: [1],
          weak: 50,
          worse: 'fifty windows of the past are copied at once',
        }),
      ],
      computed: { id: part('triggers') },
      local: {},
    },
    [CREATED]: {
      name: 'trigger',
      role: 'helps',
      replacedBy: [...PART, 'storage_account_id'],
      named: ['name', PART_NAME],
      promises: [
        setTo({
          rule: 'new-files',
          must: 'start for new files only',
          at: 'events',
          to: ['Microsoft.Storage.BlobCreated'],
          weak: ['Microsoft.Storage.BlobDeleted'],
          worse: 'it starts for deleted files',
        }),
        setTo({
          rule: 'new-files',
          must: 'wait until a file is filled: a client of the Data Lake API creates it empty',
          at: 'ignore_empty_blobs',
          to: [true],
          weak: false,
          worse: 'it copies files before they are filled',
        }),
        promised('new-files', 'watch one container', (trigger) => trigger.refers('blob_path_begins_with').length === 1, {
          'it starts for each file of the account': set('blob_path_begins_with'),
        }),
      ],
      computed: { id: part('triggers') },
      local: {},
    },
  },
};

interface Activity {
  readonly policy?: { readonly retry: number };
  readonly inputs: readonly { readonly referenceName: string }[];
  readonly outputs: readonly { readonly referenceName: string }[];
}

function activitiesOf(pipeline: Asked): readonly Activity[] {
  return JSON.parse(String(only(pipeline, 'activities_json')));
}

/** The parts of a factory. */
function partsOf(factory: Asked, stack: Stack, ...types: readonly string[]): readonly Asked[] {
  return stack.of(...types).filter((part) => names(part, 'data_factory_id', factory));
}

/** The containers that the pipelines of a factory read or write. */
function containersOf(factory: Asked, stack: Stack, what: 'inputs' | 'outputs'): Asked[] {
  const activities = partsOf(factory, stack, PIPELINE).flatMap(activitiesOf);
  const named = activities.flatMap((activity) => activity[what].map(({ referenceName }) => referenceName));
  const datasets = stack.of(FILES).filter(({ id }) => named.some((name) => name.includes(`{${id}.`)));
  return datasets.flatMap((dataset) => dataset.refers('azure_blob_storage_location.container'));
}

function readsFrom(factory: Asked, seen: Seen): Step[] {
  const isTold = partsOf(factory, seen, CREATED).length > 0;
  return containersOf(factory, seen, 'inputs').map((container) => ({
    from: container.stage,
    how: isTold ? 'reads each new file, told by Event Grid' : 'reads the files of a window',
    to: factory.stage,
    notes: seen.tell(factory),
    between: [container.id, factory.id],
  }));
}

function copyNeeds(factory: Asked, stack: Stack): Needed[] {
  const need = (verb: string, what: 'inputs' | 'outputs', because: string) =>
    containersOf(factory, stack, what).map(({ id: on }) => ({ who: factory.id, may: `data:${BLOBS}/${verb}`, on, because }));
  return [...need('read', 'inputs', 'a copy lists and reads files'), ...need('write', 'outputs', 'a copy writes files')];
}

function isReady(factory: Asked, stack: Stack): boolean {
  const roles = stack.of('azurerm_role_assignment').filter((role) => names(role, 'principal_id', factory));
  return partsOf(factory, stack, WINDOWS, CREATED).every((trigger) => roles.every(({ id }) => trigger.before().has(id)));
}

function hasAbsenceAlert(factory: Asked, stack: Stack): boolean {
  return alertsOf(LOG_ALERT, stack).some(
    (alert) =>
      names(alert, 'criteria.query', factory) &&
      String(only(alert, 'criteria.query')).includes('runs == 0') &&
      is(alert, 'criteria.threshold', 0),
  );
}

/** Each copy is two runs, of the trigger and of the activity, and four units for a minute, the least that is billed. */
function runCosts(factory: Asked, load: Load): Cost[] {
  const costs = (copies: number, each: string, lower: string): Cost[] => [
    { what: `runs, two for each ${each}`, price: 'dataFactoryRuns', units: 2 * copies, lower },
    { what: `four data integration units for a minute of each ${each}`, price: 'dataFactoryDiu', units: (4 * copies) / 60, lower },
  ];
  const filesOf = (trigger: Asked) =>
    trigger.refers('blob_path_begins_with').reduce((sum, container) => sum + load.writes(container).count * MONTH, 0);
  return [
    ...partsOf(factory, load.stack, WINDOWS).flatMap((trigger) =>
      costs((HOURS * 60) / amountOr(trigger, 'interval', 60), 'window', 'A larger `everyMinutes` of the copy.'),
    ),
    ...partsOf(factory, load.stack, CREATED).flatMap((trigger) => costs(filesOf(trigger), 'new file', 'Fewer, larger files, or windows.')),
  ];
}
