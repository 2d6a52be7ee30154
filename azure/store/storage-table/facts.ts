import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { every, remove, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alertsOf, armId, copiesOf, META, METRIC_ALERT, RETAINED } from '../../foundation/promises';

const DIAGNOSTICS = 'azurerm_monitor_diagnostic_setting';
const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';
const ENTITIES = `data:${TABLES}/entities`;
const KEYS =
  'At azurerm 4.55 it reads the access policies of the table with a key of the account, which accepts none. Use StorageTableStore.';

/** The alerts on requests that end with a type of response. */
const onResponse =
  (type: string): Which =>
  (table, draft) =>
    every(METRIC_ALERT)(table, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"${type}"`));

/** The diagnostic settings of the tables of an account. */
const logsOfTables: Which = (table, draft) =>
  every(DIAGNOSTICS)(table, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes('/tableServices/'));

/** An alert fires if requests end with a type of response. */
const ringsOn = (type: string, must: string) =>
  promised('rings', must, (table, stack) => hasAlert(table, type, stack), {
    [`there is no alert on ${type}`]: remove(onResponse(type)),
    [`the alert on ${type} has a threshold of a million`]: set('criteria.0.threshold', 1e6, onResponse(type)),
    [`the alert on ${type} is disabled`]: set('enabled', false, onResponse(type)),
  });

export const facts: ServiceFacts = {
  name: 'Table Storage',
  local: 'runs',
  unproven: [
    'That the plan after an apply of the deployment is empty: Azure Resource Manager may return its template in another form.',
    'That Table Storage takes a scope of one table for a role assignment, in the form `ACCOUNT/tableServices/default/tables/TABLE`.',
  ],
  types: {
    [`azurerm_resource_group_template_deployment ${TABLES}`]: {
      name: 'table',
      replacedBy: ['name', 'resource_group_name'],
      role: 'holds data',
      tells: (table) => {
        const account = accountOf(table);
        return [
          ['Table Storage', account && only(account, 'account_replication_type')].filter(Boolean).join(' '),
          account && is(account, 'shared_access_key_enabled', false) ? 'no keys' : undefined,
          said.kept(table),
        ];
      },
      named: ['name', /^[A-Za-z][A-Za-z0-9]{2,62}$/],
      takes: ['Storage Table Data Contributor'],
      promises: [
        RETAINED,
        setTo({
          rule: 'only-its-table',
          must: 'leave everything else in the resource group as it is',
          at: 'deployment_mode',
          to: ['Incremental'],
          weak: 'Complete',
          worse: 'it deletes everything else in the resource group',
        }),
        promised('only-its-table', 'create one table, of its own name: grants and settings name the table by it', createsItsTable, {
          'it creates a table of another name': set('template_content', template(TABLES, 'acme/default/other')),
          'it creates something else': set('template_content', template('Microsoft.Storage/storageAccounts', 'acme')),
        }),
        ofNew(ringsOn('ServerBusyError', 'have an alert that fires when Table Storage throttles requests')),
        ofNew(ringsOn('ServerOtherError', 'have an alert that fires when Table Storage returns server errors')),
        ofNew(
          promised('on-record', 'log who deletes rows', isOnRecord, {
            'deletions are not logged': set('enabled_log', undefined, logsOfTables),
            'its service has no logs': remove(logsOfTables),
          }),
        ),
      ],
      answered: {
        encrypted: 'Its account encrypts it.',
        private: 'Its account accepts no keys: callers need a Microsoft Entra token, and the check of least privilege reads their roles.',
        undelete: 'Table Storage has no backup and no soft delete. Deletions are logged.',
      },
      costs,
      effective: /^(data:)?Microsoft\.(\*|Storage\/storageAccounts\/tableServices)/i,
      computed: { id: armId('Microsoft.Resources/deployments/acme') },
      local: {
        name: 'emulated',
        template_content: 'emulated',
        deployment_mode: 'no effect here',
        resource_group_name: 'no effect here',
        tags: 'no effect here',
        ...META,
      },
    },
  },
  calls: {
    // https://learn.microsoft.com/rest/api/storageservices/insert-entity#permissions
    '@azure/data-tables TableClient.createEntity': ({ receiver }) => [
      // The client has the address of the account. The settings of a binding start alike.
      { may: `${ENTITIES}/add/action`, on: said.whole(receiver).replace(/_ENDPOINT\}$/, '_TABLE}') },
    ],
  },
  harmless: ['@azure/data-tables TableClient'],
  roles: {
    'Storage Table Data Contributor': {
      permissions: [
        ...['read', 'write', 'delete'].map((verb) => `${TABLES}/${verb}`),
        ...['read', 'write', 'delete', 'add/action', 'update/action'].map((verb) => `${ENTITIES}/${verb}`),
      ],
    },
    'Storage Table Data Reader': { permissions: [`${TABLES}/read`, `${ENTITIES}/read`] },
  },
  forbidden: {
    azurerm_storage_table: KEYS,
    azurerm_storage_table_entity: KEYS,
  },
};

function template(type: string, name: string): string {
  return JSON.stringify({ resources: [{ type, name }] });
}

function createsItsTable(table: Asked): boolean {
  const text = String(only(table, 'template_content'));
  return (
    [...text.matchAll(/"type"/g)].length === 1 && text.includes(`"type":"${TABLES}"`) && text.includes(`/default/${only(table, 'name')}"`)
  );
}

/** The account of a table, if it is in the stack. */
function accountOf(table: Asked): Asked | undefined {
  return table.refers('template_content').find(({ type }) => type === 'azurerm_storage_account');
}

/** A promise of a table in an account of the stack. An existing account has its own alerts and logs. */
function ofNew(promise: Promised): Promised {
  return { ...promise, concerns: (table) => accountOf(table) !== undefined };
}

function hasAlert(table: Asked, type: string, stack: Stack): boolean {
  return alertsOf(METRIC_ALERT, stack).some(
    (alert) =>
      names(alert, 'scopes', accountOf(table)) &&
      is(alert, 'criteria.metric_name', 'Transactions') &&
      is(alert, 'criteria.operator', 'GreaterThan') &&
      amount(alert, 'criteria.threshold') <= 10 &&
      alert.get('criteria.dimension.values').includes(type),
  );
}

function isOnRecord(table: Asked, stack: Stack): boolean {
  return stack
    .of(DIAGNOSTICS)
    .some(
      (setting) =>
        names(setting, 'target_resource_id', accountOf(table)) &&
        String(only(setting, 'target_resource_id')).endsWith('/tableServices/default') &&
        setting.get('enabled_log.category').includes('StorageDelete') &&
        setting.get('log_analytics_workspace_id').length === 1,
    );
}

/** A row is one write, and as large as its event. */
function costs(table: Asked, load: Load): Cost[] {
  const account = accountOf(table);
  const rows = load.writes(table).count > 0 ? load.events * MONTH : 0;
  const lower = 'A transform that stores less of each event.';
  return [
    { what: 'writes, one for each row', price: 'tableOperations', units: rows, lower: 'A transform that makes fewer rows.' },
    {
      what: 'rows of one month, as large as their events',
      price: `tableStorage${account ? copiesOf(account) : 'ZRS'}`,
      units: (rows * load.size) / GB,
      lower: `${lower} \`redundancy: 'LRS'\`, which does not survive the loss of a zone.`,
    },
  ];
}
