import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { schemaOf, tagsOf } from '../../foundation/columns/promises';
import { grantsIn, iamMember, replacers } from '../../foundation/promises';

const TAXONOMY = 'google_data_catalog_taxonomy';
const TAG = 'google_data_catalog_policy_tag';
const DATA_POLICY = 'google_bigquery_datapolicy_data_policy';
const TABLE = 'google_bigquery_table';
const ALERT = 'google_monitoring_alert_policy';
const LINE = 'conditions.condition_matched_log.filter';
/** What exposes values to others: each is in the filter of the alert. */
const EXPOSES = ['DeletePolicyTag', 'DeleteTaxonomy', 'SetIamPolicy', 'UpdateTaxonomy'];
/** The same of a data policy. */
const SHOWS_MORE = ['DeleteDataPolicy', 'SetIamPolicy', 'UpdateDataPolicy'];

const watching: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === ALERT && JSON.stringify(body).includes(`${id}.`)).map(([alert]) => alert);
const columnsWith: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === TABLE && String(body.schema).includes(`\${${id}.`)).map(([table]) => table);

/** It stays when its stack is deleted: with it, BigQuery takes the protection off all of its columns. */
const STAYS: Promised = promised(
  'retained',
  'not be deleted with its stack: BigQuery then shows the values of its columns to everyone who reads the table',
  (one) => is(one, 'lifecycle.prevent_destroy', true),
  { 'it is deleted with its stack': set('lifecycle') },
);

export const facts: ServiceFacts = {
  name: 'Policy tags',
  local: 'runs',
  unproven: [
    'That BigQuery shows masked values of a column within a RECORD.',
    'That the audit logs name a change of a tag, and of what masks it, as the alerts do.',
    'That whoever adds rows over the Storage Write API needs no right on a policy tag.',
  ],
  types: {
    [TAXONOMY]: {
      name: 'taxonomy',
      role: 'helps',
      replacedBy: ['region', 'project'],
      apis: ['datacatalog'],
      named: ['display_name', /^[\p{L}\p{N}_-][\p{L}\p{N}_ -]{0,198}$/u],
      tells: (taxonomy) => ['policy tags', said.kept(taxonomy)],
      computed: {
        id: 'projects/acme-data/locations/europe-west1/taxonomies/1',
        name: 'projects/acme-data/locations/europe-west1/taxonomies/1',
      },
      promises: [
        promised(
          'protected',
          'be active: otherwise its tags protect nothing',
          (taxonomy) => is(taxonomy, 'activated_policy_types', 'FINE_GRAINED_ACCESS_CONTROL'),
          { 'its tags protect nothing': set('activated_policy_types') },
        ),
        STAYS,
        promised('rings', 'have an alert on each change that lets others read: of tags, of the taxonomy, of members', hasAlert, {
          'a tag is deleted, and nobody is told': remove(watching),
          'the alert on changes is disabled': set('enabled', false, watching),
          'a new reader is not reported': replace(/ OR [^ ]*SetIamPolicy[^ ]*(?= OR)/, '', watching),
        }),
      ],
      local: 'no effect here',
    },
    [TAG]: {
      name: 'policy tag',
      role: 'helps',
      replacedBy: ['taxonomy'],
      apis: ['datacatalog'],
      named: ['display_name', /^[\p{L}\p{N}_-][\p{L}\p{N}_ -]{0,198}$/u],
      computed: {
        id: 'projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/1',
        name: 'projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/1',
      },
      promises: [
        STAYS,
        promised('protected', 'protect a column', (tag, stack) => columnsOf(tag, stack).length > 0, {
          'everyone who reads the table sees the column': replace(/,\\"policyTags\\":\{[^}]*\}[^}]*\}/g, '', columnsWith),
        }),
      ],
      needs: readersNeed,
      local: 'no effect here',
    },
    [DATA_POLICY]: {
      name: 'data policy',
      role: 'helps',
      replacedBy: ['data_policy_id', 'location', 'project'],
      apis: ['bigquerydatapolicy'],
      named: ['data_policy_id', /^[A-Za-z_]\w{0,127}$/],
      computed: { id: 'projects/acme-data/locations/europe-west1/dataPolicies/acme' },
      promises: [
        setTo({
          rule: 'protected',
          must: 'mask values',
          at: 'data_policy_type',
          to: ['DATA_MASKING_POLICY'],
          weak: 'COLUMN_LEVEL_SECURITY_POLICY',
          worse: 'no reader sees masked values: each query of the column is refused',
        }),
        promised('rings', 'have an alert on each change of it, or of its members', isWatched, {
          'masking is changed, and nobody is told': remove(watching),
          'the alert on masking is disabled': set('enabled', false, watching),
          'a new masked reader is not reported': replace(/ OR [^ ]*SetIamPolicy[^ ]*(?= OR)/, '', watching),
        }),
        promised('protected', 'have a rule that masks', (policy) => policy.get('data_masking_policy.predefined_expression').length === 1, {
          'Google refuses the policy': set('data_masking_policy'),
        }),
      ],
      local: 'no effect here',
    },
    google_data_catalog_policy_tag_iam_member: iamMember('a policy tag', ['datacatalog']),
    google_bigquery_datapolicy_data_policy_iam_member: iamMember('a data policy', ['bigquerydatapolicy']),
  },
  forbidden: replacers(TAXONOMY, TAG, DATA_POLICY),
  roles: {
    'roles/datacatalog.categoryFineGrainedReader': { permissions: ['datacatalog.categories.fineGrainedGet'] },
    'roles/bigquerydatapolicy.maskedReader': { permissions: ['bigquery.dataPolicies.maskedGet'] },
    // It cannot read what a tag protects.
    'roles/datacatalog.categoryAdmin': {
      permissions: ['datacatalog.categories.getIamPolicy', 'datacatalog.categories.setIamPolicy', 'datacatalog.taxonomies.*'],
    },
  },
};

function hasAlert(taxonomy: Asked, stack: Stack): boolean {
  return stack
    .of(ALERT)
    .some(
      (alert) =>
        !is(alert, 'enabled', false) &&
        alert.refers(LINE).some(({ id }) => id === taxonomy.id) &&
        EXPOSES.every((change) => String(alert.get(LINE)[0]).includes(`PolicyTagManager.${change}"`)),
    );
}

function isWatched(policy: Asked, stack: Stack): boolean {
  return stack
    .of(ALERT)
    .some(
      (alert) =>
        !is(alert, 'enabled', false) &&
        alert.refers(LINE).some(({ id }) => id === policy.id) &&
        SHOWS_MORE.every((change) => String(alert.get(LINE)[0]).includes(`DataPolicyService.${change}"`)),
    );
}

/** The tables with a column that the tag protects. */
function columnsOf({ id }: Asked, stack: Stack): readonly Asked[] {
  return stack.of(TABLE).filter((table) => schemaOf(table).some((column) => tagsOf(column).some((tag) => tag.startsWith(`\${${id}.`))));
}

/** Somebody sees the values of a column that a tag protects, and somebody what masks them: people, unless a workload of the stack does. */
function readersNeed(tag: Asked, stack: Stack): Needed[] {
  if (columnsOf(tag, stack).length === 0) return [];
  const isOfWorkload = (type: string, setting: string, on: Asked) =>
    grantsIn(stack).some((grant) => grant.type === type && names(grant, setting, on) && grant.refers('member').length > 0);
  const need = (may: string, on: Asked, because: string): Needed => ({ who: 'client', may, on: on.id, because });
  const policies = stack.of(DATA_POLICY).filter((policy) => names(policy, 'policy_tag', tag));
  return [
    ...[tag]
      .filter((on) => !isOfWorkload(`${TAG}_iam_member`, 'policy_tag', on))
      .map((on) => need('datacatalog.categories.fineGrainedGet', on, 'its readers see the values of a column')),
    ...policies
      .filter((on) => !isOfWorkload(`${DATA_POLICY}_iam_member`, 'data_policy_id', on))
      .map((on) => need('bigquery.dataPolicies.maskedGet', on, 'its masked readers see what masking shows of a column')),
  ];
}
