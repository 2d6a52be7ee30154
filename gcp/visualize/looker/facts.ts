import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { keyNeeds, RETAINED } from '../../foundation/promises';

const INSTANCE = 'google_looker_instance';
const KEY = 'encryption_config.kms_key_name';
const DOMAINS = 'admin_settings.allowed_email_domains';

export const facts: ServiceFacts = {
  name: 'Looker',
  local: { not: 'Looker is a service of Google, without an emulator' },
  unproven: [
    'That Looker reads a view as its service agent, with Application Default Credentials, and needs no role but these two.',
    'That an instance with a key or a private address takes edition ENTERPRISE or EMBED.',
    'The price of an instance: Google tells it by a quote.',
  ],
  types: {
    [INSTANCE]: {
      name: 'Looker instance',
      role: 'holds data',
      apis: ['looker', 'bigquery'],
      // https://github.com/hashicorp/terraform-provider-google/blob/v6.50.0/google/services/looker/resource_looker_instance.go
      replacedBy: ['name', 'platform_edition', 'project', 'region'],
      named: ['name', /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/],
      computed: { looker_uri: 'https://00000000-0000-0000-0000-000000000000.looker.app' },
      tells: (looker) => [
        'Looker',
        String(only(looker, 'platform_edition')).replace('LOOKER_CORE_', ''),
        is(looker, 'public_ip_enabled', true) ? 'public address' : 'private address',
        said.kept(looker),
      ],
      flow: reads,
      needs,
      promises: [
        RETAINED,
        setTo({
          rule: 'retained',
          must: 'not be deleted while it has content',
          at: 'deletion_policy',
          to: ['DEFAULT'],
          weak: 'FORCE',
          worse: 'its dashboards are deleted with it',
        }),
        promised(
          'no-trial',
          'be an edition that does not end by itself',
          (looker) => /_ANNUAL$/.test(String(only(looker, 'platform_edition'))),
          {
            'it is a trial, which ends with all that is in it': set('platform_edition'),
          },
        ),
        promised('private', 'send content to known domains only', (looker) => looker.get(DOMAINS).length > 0, {
          'content may be sent to everybody': set('admin_settings'),
        }),
        promised('chosen-time', 'be updated at a time that somebody chose', (looker) => looker.get('maintenance_window').length === 1, {
          'Google updates it at any time': set('maintenance_window'),
        }),
      ],
      answered: {
        encrypted: 'Google encrypts every instance with a Google-managed key. encryptionKey sets your own key.',
        undelete: 'Google backs up every instance each day, and keeps the backups for 30 days.',
        rings: 'Nothing waits for a dashboard: who opens one sees when it fails.',
      },
      costs: () => [
        {
          what: 'the instance, by the month',
          price: 'lookerInstance',
          units: 1,
          lower: 'A `SharedView` with Data Studio, and no Looker.',
        },
      ],
      local: {},
    },
  },
  roles: { 'roles/looker.admin': { permissions: ['looker.*'] } },
};

/** The views that are made to be shared. The connection within Looker names them, which no template has. */
function sharedIn(stack: Stack): readonly Asked[] {
  return stack.of('google_bigquery_dataset_access').flatMap((access) => access.refers('view.table_id'));
}

function agentIn(stack: Stack): string {
  const agent = stack.of('google_project_service_identity').find((one) => is(one, 'service', 'looker.googleapis.com'));
  return agent?.id ?? 'the Looker service agent of the project';
}

function reads(looker: Asked, seen: Seen): Step[] {
  return sharedIn(seen).map((view) => ({
    from: view.stage,
    how: 'queries',
    to: looker.stage,
    notes: seen.tell(looker),
    between: [view.id, looker.id],
  }));
}

function needs(looker: Asked, stack: Stack): Needed[] {
  const who = agentIn(stack);
  return [
    ...sharedIn(stack).map(({ id }) => ({ who, may: 'bigquery.tables.getData', on: id, because: 'dashboards query the view' })),
    { who, may: 'bigquery.jobs.create', on: 'project', because: 'each query of a dashboard is a job' },
    ...keyNeeds(looker, KEY, who, 'Looker encrypts and decrypts its content with it'),
  ];
}
