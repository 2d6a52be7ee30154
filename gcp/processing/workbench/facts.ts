import { amountOr, type Cost, type Load, TIB } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, amount, is, only, type Stack, type Value } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { columnNeeds } from '../../foundation/columns/promises';
import { iamMember, idOf, keyNeeds, numberedAgent, RETAINED, readyBeforeWork, replacers } from '../../foundation/promises';

const INSTANCE = 'google_workbench_instance';
const ACCOUNT = 'gce_setup.service_accounts.email';
const METADATA = 'gce_setup.metadata';
const IDLE = `${METADATA}.idle-timeout-seconds`;
/** Metadata that an instance keeps from its start. */
const FIXED = ['install-monitoring-agent', 'install-nvidia-driver', 'serial-port-logging-enable', 'report-notebook-metrics'];
const DAY = 24 * 3600;

export const facts: ServiceFacts = {
  name: 'Workbench',
  local: { not: 'notebooks are opened by a person, and no event passes through them' },
  unproven: [
    'Which metadata Workbench adds to an instance: each that Terraform does not know is a change in every plan, and an apply of it starts an instance that was shut down.',
    'That a role on the instance alone lets its owner start it, and that the owner needs no role on its service account.',
    'That Workbench needs the key of its disks for no service agent but that of Compute Engine.',
    'That Workbench starts in a subnetwork without a public address, which needs Private Google Access and the addresses of its proxy.',
  ],
  types: {
    [INSTANCE]: {
      name: 'notebooks',
      role: 'runs code',
      apis: ['notebooks', 'compute'],
      // https://github.com/hashicorp/terraform-provider-google/blob/v6.50.0/google/services/workbench/resource_workbench_instance.go
      replacedBy: [
        ...['name', 'location', 'project', 'instance_id', 'instance_owners', 'disable_proxy_access'],
        ...['boot_disk', 'data_disks'].flatMap((disk) =>
          ['disk_encryption', 'disk_type', 'kms_key'].map((setting) => `gce_setup.${disk}.${setting}`),
        ),
        ...['confidential_instance_config', 'disable_public_ip', 'enable_ip_forwarding', 'network_interfaces', 'reservation_affinity'].map(
          (setting) => `gce_setup.${setting}`,
        ),
        ...['service_accounts', 'tags', 'vm_image', 'metadata?'].map((setting) => `gce_setup.${setting}`),
      ],
      decides: { [METADATA]: onMetadata },
      named: ['name', /^(?=.{1,63}$)[a-z](-?[a-z0-9])*$/],
      tells: (instance) => [
        'Workbench',
        String(only(instance, 'gce_setup.machine_type')),
        `shut down after ${amount(instance, IDLE) / 60} idle minutes`,
        said.kept(instance),
      ],
      flow: stepsOf,
      reads: (instance) => tablesBelow(instance),
      runs,
      needs,
      costs,
      promises: [
        RETAINED,
        promised(
          'own-identity',
          'run as a service account that nothing else runs as',
          (instance, stack) => {
            const account = idOf(instance, ACCOUNT);
            return (
              account !== undefined && stack.of(INSTANCE).every((other) => other.id === instance.id || idOf(other, ACCOUNT) !== account)
            );
          },
          { 'it runs as the default service account': set('gce_setup.service_accounts') },
        ),
        readyBeforeWork(ACCOUNT),
        promised('one-owner', 'be opened by one person', (instance) => instance.get('instance_owners').length === 1, {
          'everyone who may act as its service account can open it': set('instance_owners'),
        }),
        setTo({
          rule: 'closed-door',
          must: 'have no public address',
          at: 'gce_setup.disable_public_ip',
          to: [true],
          weak: false,
          worse: 'it can be reached from the internet',
        }),
        promised(
          'closed-door',
          'be in a network and a subnetwork that somebody chose',
          (instance) => ['network', 'subnet'].every((one) => instance.get(`gce_setup.network_interfaces.${one}`).length === 1),
          { 'it is in the network default': set('gce_setup.network_interfaces') },
        ),
        promised(
          'shielded',
          'start signed software only',
          (instance) =>
            ['secure_boot', 'vtpm', 'integrity_monitoring'].every((one) =>
              is(instance, `gce_setup.shielded_instance_config.enable_${one}`, true),
            ),
          { 'it starts any kernel': set('gce_setup.shielded_instance_config') },
        ),
        setTo({
          rule: 'shielded',
          must: 'give notebooks no root',
          at: `${METADATA}.notebook-disable-root`,
          to: ['true'],
          weak: 'false',
          worse: 'a notebook is root of the machine',
        }),
        counted({
          rule: 'sleeps',
          must: 'be shut down after at most a day without work',
          at: IDLE,
          from: 600,
          to: DAY,
          weak: '1000000',
          worse: 'it is billed for days on which nobody works',
        }),
        promised(
          'sleeps',
          'not be started by a deploy because it was shut down',
          (instance) => instance.get('lifecycle.ignore_changes').includes('desired_state'),
          { 'a deploy may start it': set('lifecycle.ignore_changes') },
        ),
      ],
      answered: { rings: 'Nothing waits for a notebook: its owner sees when it fails.' },
      actsAs: [ACCOUNT],
      effective: /^(\*|notebooks\.(\*|instances))/,
      computed: {
        id: 'projects/acme-data/locations/europe-west1-b/instances/acme',
        proxy_uri: 'acme-dot-europe-west1.notebooks.googleusercontent.com',
      },
      local: {},
    },
    google_workbench_instance_iam_member: iamMember('an instance of Workbench', ['notebooks']),
  },
  forbidden: replacers(INSTANCE),
  // https://cloud.google.com/iam/docs/roles-permissions/notebooks and .../bigquery
  roles: {
    'roles/bigquery.readSessionUser': {
      permissions: [
        ...['create', 'getData', 'update'].map((verb) => `bigquery.readsessions.${verb}`),
        ...['resourcemanager.projects.get', 'resourcemanager.projects.list'],
      ],
      surplus:
        'Google has no role that only reads through the Storage Read API, and none on less than the project. It gives no access to rows.',
    },
    'roles/notebooks.admin': { permissions: ['notebooks.*'] },
    'roles/notebooks.editor': {
      permissions: [
        ...['checkUpgradability', 'create', 'delete', 'diagnose', 'get', 'getHealth', 'getIamPolicy', 'list', 'listEffectiveTags'],
        ...['listTagBindings', 'reset', 'setAccelerator', 'setLabels', 'setMachineType', 'start', 'stop', 'update', 'updateConfig'],
        ...['updateShieldInstanceConfig', 'upgrade', 'use'],
      ].map((verb) => `notebooks.instances.${verb}`),
      surplus: 'Google has no smaller role that starts an instance. It is granted on the instance of its owner only.',
    },
  },
};

/** The views and tables whose names its metadata has. */
function tablesNamed(instance: Asked): readonly Asked[] {
  return instance.refers(METADATA).filter(({ type }) => type === 'google_bigquery_table');
}

/** The tables with the rows, which are below views. */
function tablesBelow(instance: Asked): Asked[] {
  return tablesNamed(instance).flatMap((table) => {
    const below = table.refers('view.query').filter(({ type }) => type === table.type);
    return below.length > 0 ? below : [table];
  });
}

function stepsOf(instance: Asked, seen: Seen): Step[] {
  return tablesBelow(instance).map((table) => ({
    from: table.stage,
    how: 'read by notebooks',
    to: instance.stage,
    notes: seen.tell(instance),
    between: [table.id, instance.id],
  }));
}

function runs(instance: Asked): Running {
  return { as: idOf(instance, ACCOUNT) ?? `serviceAccount:${only(instance, ACCOUNT)}`, settings: {} };
}

/** The code of notebooks is the user's. It reads what the metadata names. */
function needs(instance: Asked, stack: Stack): Needed[] {
  const { as: who } = runs(instance);
  const need = (may: string, on: string, because: string): Needed => ({ who, may, on, because });
  const tables = [...new Set([...tablesNamed(instance), ...tablesBelow(instance)])];
  const toQuery = [
    need('bigquery.jobs.create', 'project', 'each query is a job'),
    ...['create', 'getData', 'update'].map((verb) =>
      need(`bigquery.readsessions.${verb}`, 'project', 'a notebook reads rows through the Storage Read API'),
    ),
  ];
  return [
    ...tables.map(({ id }) => need('bigquery.tables.getData', id, 'notebooks read it')),
    ...tablesNamed(instance).flatMap((table) => columnNeeds(who, table, stack)),
    ...(tables.length > 0 ? toQuery : []),
    // The owner is no resource of the stack.
    { who: 'client', may: 'notebooks.instances.start', on: `\${${instance.id}}`, because: 'its owner starts it after an idle shutdown' },
    ...keyNeeds(instance, 'gce_setup.boot_disk.kms_key', numberedAgent(stack, 'compute-system'), 'its disks are encrypted with it'),
  ];
}

/** A person works for 160 hours a month, and runs 100 queries of one day of events each. */
function costs(instance: Asked, load: Load): Cost[] {
  const cpus = Number(/-(\d+)$/.exec(String(only(instance, 'gce_setup.machine_type')))?.[1] ?? 4);
  const works = load.events > 0;
  const scanned = tablesBelow(instance).reduce((sum, table) => sum + load.writes(table).count * load.size * DAY, 0);
  const gb = ['boot_disk', 'data_disks'].reduce((sum, disk) => sum + amountOr(instance, `gce_setup.${disk}.disk_size_gb`, 150), 0);
  return [
    { what: 'its disks, also when it is shut down', price: 'computeBalancedDisk', units: gb, lower: 'A smaller `dataDiskGb`.' },
    {
      what: 'vCPUs, 160 hours of work',
      price: 'computeE2',
      units: works ? cpus * 160 : 0,
      lower: 'A smaller `machineType`, or fewer `idleShutdownMinutes`.',
    },
    {
      what: 'bytes that 100 queries read, one day of events each',
      price: 'bigQueryScan',
      units: (100 * scanned) / TIB,
      lower: 'Queries of fewer days.',
    },
  ];
}

/** All other metadata is changed in place. */
function onMetadata(before: Value, after: Value) {
  const at = (metadata: Value, key: string) => (metadata as Readonly<Record<string, Value>> | undefined)?.[key];
  const isFixed = (key: string) => at(after, key) !== undefined && at(before, key) !== at(after, key);
  return FIXED.some(isFixed) ? 'may be replaced' : 'in place';
}
