import { amountOr, type Cost, HOURS } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { alertOn, alertsOf, armId, LOG_ALERT, ON_RECORD, referring } from '../../foundation/promises';

const FACTORY = 'azurerm_data_factory';
const LINK = 'azurerm_data_factory_linked_service_azure_blob_storage';
const FILES = 'azurerm_data_factory_dataset_binary';
const PIPELINE = 'azurerm_data_factory_pipeline';
const TRIGGER = 'azurerm_data_factory_trigger_tumbling_window';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const PART = ['name', 'data_factory_id'];
const PART_NAME = /^[A-Za-z0-9_][^<>*#.%&:\\+?/]{0,259}$/;
/** The triggers of a factory. */
const triggers: Which = referring(TRIGGER);
const part = (kind: string) => armId(`Microsoft.DataFactory/factories/acme/${kind}/copy`);

export const facts: ServiceFacts = {
  name: 'Data Factory',
  local: { not: 'Data Factory is not emulated: the local run copies no files.' },
  unproven: [
    'That Azure keeps the fields of the copy activity as they are written, so that the second plan is empty.',
    'That the copy finds the files of its window by their time, at both ends.',
    'That the roles of the factory suffice for a copy.',
  ],
  types: {
    [FACTORY]: {
      name: 'factory',
      role: 'runs code',
      replacedBy: ['name', 'resource_group_name', 'location', 'managed_virtual_network_enabled?'],
      named: ['name', /^[A-Za-z0-9](-?[A-Za-z0-9]){2,62}$/],
      tells: (factory, stack) => [
        'Data Factory',
        ...stack
          .of(TRIGGER)
          .flatMap((trigger) =>
            names(trigger, 'data_factory_id', factory)
              ? [`each ${only(trigger, 'interval')} minutes`, `${only(trigger, 'retry.count') ?? 0} retries`]
              : [],
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
        promised('rings', 'have an alert that fires when no run succeeds', hasAbsenceAlert, {
          'there is no alert on absent runs': remove(referring(LOG_ALERT)),
          'the alert on absent runs has a threshold of a thousand': set('criteria.0.threshold', 1000, referring(LOG_ALERT)),
        }),
        ON_RECORD,
      ],
      costs: (factory, { stack }) => stack.of(TRIGGER).flatMap((one) => (names(one, 'data_factory_id', factory) ? runCosts(one) : [])),
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
      computed: { id: part('pipelines') },
      local: {},
    },
    [TRIGGER]: {
      name: 'trigger',
      role: 'helps',
      replacedBy: [...PART, 'frequency', 'interval', 'start_time'],
      named: ['name', PART_NAME],
      promises: [
        {
          ...counted({
            rule: 'bounded-retries',
            must: 'have at most 10 retries',
            at: 'retry.count',
            from: 1,
            to: 10,
            weak: 1000,
            worse: 'a window is tried a thousand times before an alert fires',
          }),
          concerns: (trigger) => trigger.get('retry.count').length > 0,
        },
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
  },
};

/** The containers that the pipelines of a factory read or write. */
function containersOf(factory: Asked, stack: Stack, what: 'inputs' | 'outputs'): Asked[] {
  const pipelines = stack.of(PIPELINE).filter((pipeline) => names(pipeline, 'data_factory_id', factory));
  const datasets = pipelines.flatMap((pipeline) => {
    const activities = JSON.parse(String(only(pipeline, 'activities_json'))) as Record<typeof what, { referenceName: string }[]>[];
    const named = activities.flatMap((activity) => activity[what].map(({ referenceName }) => referenceName));
    return stack.of(FILES).filter(({ id }) => named.some((name) => name.includes(`{${id}.`)));
  });
  return datasets.flatMap((dataset) => dataset.refers('azure_blob_storage_location.container'));
}

function readsFrom(factory: Asked, seen: Seen): Step[] {
  return containersOf(factory, seen, 'inputs').map((container) => ({
    from: container.stage,
    how: 'reads the files of a window',
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
  return stack
    .of(TRIGGER)
    .filter((trigger) => names(trigger, 'data_factory_id', factory))
    .every((trigger) => roles.every(({ id }) => trigger.before().has(id)));
}

function hasAbsenceAlert(factory: Asked, stack: Stack): boolean {
  return alertsOf(LOG_ALERT, stack).some(
    (alert) =>
      names(alert, 'criteria.query', factory) &&
      String(only(alert, 'criteria.query')).includes('runs == 0') &&
      is(alert, 'criteria.threshold', 0),
  );
}

/** Each window is two runs, of the trigger and of the activity, and four units for a minute, the least that is billed. */
function runCosts(trigger: Asked): Cost[] {
  const windows = (HOURS * 60) / amountOr(trigger, 'interval', 60);
  const lower = 'A larger `everyMinutes` of the copy.';
  return [
    { what: 'runs, two for each window', price: 'dataFactoryRuns', units: 2 * windows, lower },
    { what: 'four data integration units for a minute of each window', price: 'dataFactoryDiu', units: (4 * windows) / 60, lower },
  ];
}
