import { promised, setTo } from '../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../shared/read/facts/types';
import { add, replace, set } from '../../shared/read/facts/weaken';
import { type Asked, amount, is } from '../../shared/read/stack';
import { iamMember, isOfDeployer, replacers } from './promises';

const ACCOUNT = 'acme@acme-data.iam.gserviceaccount.com';
const NO_KEYS = 'it is a key, which anyone who has it can use from anywhere. Service accounts in Google Cloud need no keys.';

/** Roles whose permissions are on the project alone. */
const OF_PROJECT = [
  'roles/logging.logWriter',
  'roles/bigquery.jobUser',
  'roles/bigquery.readSessionUser',
  'roles/containeranalysis.occurrences.editor',
  'roles/workflows.invoker',
  'roles/dataflow.worker',
  'roles/composer.worker',
  'roles/dataproc.serverlessEditor',
  'roles/dataproc.serverlessNode',
  'roles/dataflow.developer',
  'roles/monitoring.viewer',
  'roles/parametermanager.parameterViewer',
];
/** An admin role: only who deploys has one. */
const all = (service: string) => ({ permissions: [`${service}.*`] });
const CONDITIONS = [
  ...['threshold', 'absent', 'matched_log'].map((kind) => `conditions.condition_${kind}.filter`),
  'conditions.condition_threshold.denominator_filter',
];
/** Whether a policy has a condition on a metric without data. */
const isOnAbsence = (alert: Asked) => alert.get('conditions.condition_absent').length > 0;
const filtersOf = (alert: Asked) => CONDITIONS.flatMap((filter) => alert.get(filter)).map(String);
const agent = (service: string): TypeFacts => ({ name: `service agent of ${service}`, role: 'helps', local: 'no effect here' });

/** What several services use: the APIs of a project, identities, keys, alerts. */
export const facts: ServiceFacts = {
  name: 'foundation',
  local: 'runs',
  types: {
    google_kms_crypto_key_iam_member: iamMember('a key', []),
    google_monitoring_alert_policy: {
      name: 'alert policy',
      replacedBy: ['project'],
      role: 'watches',
      costs: (policy) => [
        {
          what: 'its conditions, by the month',
          price: 'alertCondition',
          units: policy.get('conditions').length,
          lower: 'No setting: each reports events that are late, refused or in the dead letter.',
        },
      ],
      apis: ['monitoring'],
      promises: [
        promised(
          'rings',
          'watch one resource, and not all of its type',
          (alert) => filtersOf(alert).every((filter) => /resource\.labels\.\w+ = "/.test(filter)),
          { 'an alert watches all resources of a type': replace(/ AND resource\.labels\.\w+ = [^}]*}\\"/, '') },
        ),
        {
          ...promised('incidents-end', 'close its incidents without data', (alert) => is(alert, 'alert_strategy.auto_close', '1800s'), {
            'an incident stays open for a week, and the next fault sends no notification': set('alert_strategy'),
          }),
          concerns: (alert) => !isOnAbsence(alert),
        },
        {
          ...promised(
            'incidents-end',
            'keep an incident on silence open as long as the silence lasts',
            (alert) => is(alert, 'alert_strategy.auto_close', '604800s'),
            { 'an incident on silence closes after half an hour of the same silence': set('alert_strategy.auto_close', '1800s') },
          ),
          concerns: isOnAbsence,
        },
        {
          ...promised(
            'incidents-end',
            'set how missing data is evaluated, which requires a duration of at least one minute',
            (alert) =>
              alert.get('conditions.condition_threshold.evaluation_missing_data').length === 1 &&
              amount(alert, 'conditions.condition_threshold.duration') >= 60,
            {
              'the evaluation of missing data is not set': set('conditions.0.condition_threshold.evaluation_missing_data'),
              'Google refuses the policy': set('conditions.0.condition_threshold.duration', '0s'),
            },
          ),
          concerns: (alert) => alert.get('conditions.condition_threshold').length > 0,
        },
        {
          ...promised(
            'incidents-end',
            'limit how often a line of a log notifies, as Google requires',
            (alert) => alert.get('alert_strategy.notification_rate_limit.period').length === 1,
            { 'Google refuses the policy': set('alert_strategy.notification_rate_limit') },
          ),
          concerns: (alert) => alert.get('conditions.condition_matched_log').length > 0,
        },
      ],
      local: 'no effect here',
    },
    google_project_iam_member: iamMember('the project', ['cloudresourcemanager'], {
      promises: [
        {
          ...promised(
            'narrow-role',
            'be granted on the resource itself: on the project only for logs, jobs of BigQuery, attestations, workflows, Composer, Dataflow, Dataproc, metrics and parameters, or with a condition',
            (grant) => is(grant, 'role', ...OF_PROJECT) || grant.get('condition.expression').length === 1,
            { 'it may publish to every topic of the project': set('role', 'roles/pubsub.publisher') },
          ),
          concerns: (grant, stack) => !isOfDeployer(grant, stack),
        },
      ],
    }),
    google_project_service: {
      name: 'API',
      replacedBy: ['project', 'service'],
      role: 'helps',
      apis: [],
      promises: [
        setTo({
          rule: 'api-stays',
          must: 'stay enabled when the stack is deleted: others in the project may use it',
          at: 'disable_on_destroy',
          to: [false],
          weak: true,
          worse: 'other parts of the project lose their APIs',
        }),
      ],
      weakenings: { 'an API is not enabled': replace(/, \\"pubsub\.googleapis\.com\\"/, '') },
      local: 'no effect here',
    },
    google_project_service_identity: {
      name: 'service agent',
      replacedBy: ['project', 'service'],
      role: 'helps',
      apis: [],
      computed: { email: ACCOUNT, member: `serviceAccount:${ACCOUNT}` },
      schema: { settings: ['service!', 'project'], computed: ['id', 'email', 'member'] },
      local: 'no effect here',
    },
    google_service_account: {
      name: 'service account',
      replacedBy: ['account_id', 'project'],
      role: 'helps',
      apis: ['iam'],
      named: ['account_id', /^(?=.{6,30}$)[a-z](-*[a-z0-9])*$/],
      computed: {
        email: ACCOUNT,
        member: `serviceAccount:${ACCOUNT}`,
        name: `projects/acme-data/serviceAccounts/${ACCOUNT}`,
      },
      effective: /^(\*|iam\.)/,
      weakenings: {
        'it has a key': add('google_service_account_key', (draft, { id }) => ({
          service_account_id: draft.reference(id, 'name'),
        })),
        'it has the role Editor on the project': add('google_project_iam_member', (draft, { id }) => ({
          project: 'x',
          role: 'roles/editor',
          member: draft.reference(id, 'member'),
        })),
      },
      local: { account_id: 'emulated', project: 'emulated', display_name: 'no effect here' },
    },
    google_service_account_iam_member: iamMember('a service account', ['iam']),
    time_sleep: { name: 'wait', role: 'helps', replacedBy: ['triggers'], local: 'no effect here' },
    'data.google_project': {
      name: 'project',
      role: 'helps',
      apis: ['cloudresourcemanager'],
      computed: { number: '123456789012' },
      local: 'no effect here',
    },
    'data.google_bigquery_default_service_account': agent('BigQuery'),
    'data.google_storage_project_service_account': agent('Cloud Storage'),
  },
  forbidden: {
    google_service_account_key: NO_KEYS,
    google_storage_hmac_key: NO_KEYS,
    ...replacers('google_project', 'google_service_account'),
  },
  // https://cloud.google.com/iam/docs/roles-permissions.
  roles: {
    'roles/owner': { permissions: ['*'] },
    'roles/editor': {
      permissions: ['*.*.get', '*.*.list', '*.*.create', '*.*.update', '*.*.delete', '*.*.publish', '*.*.consume', '*.*.allocateIds'],
    },
    // It makes keys and gives roles on them, and uses none.
    'roles/cloudkms.admin': {
      permissions: [
        ...['cryptoKeys', 'importJobs', 'keyRings', 'locations'].map((kind) => `cloudkms.${kind}.*`),
        ...['create', 'destroy', 'get', 'list', 'restore', 'update', 'useToDecryptViaDelegation', 'useToEncryptViaDelegation'].map(
          (verb) => `cloudkms.cryptoKeyVersions.${verb}`,
        ),
        'resourcemanager.projects.get',
      ],
      surplus: 'The role that makes keys also allows import jobs and the delegation of keys: Google has no role without them.',
    },
    'roles/cloudkms.cryptoKeyEncrypterDecrypter': {
      permissions: [
        ...['cryptoKeyVersions.useToDecrypt', 'cryptoKeyVersions.useToEncrypt', 'locations.get', 'locations.list'].map(
          (one) => `cloudkms.${one}`,
        ),
        'resourcemanager.projects.get',
      ],
      surplus: 'The role to use a key also allows to list regions: Google has no role without it.',
    },
    'roles/iam.serviceAccountOpenIdTokenCreator': { permissions: ['iam.serviceAccounts.getOpenIdToken'] },
    'roles/iam.serviceAccountTokenCreator': {
      permissions: [
        ...['get', 'getAccessToken', 'getOpenIdToken', 'implicitDelegation', 'list', 'signBlob', 'signJwt'].map(
          (verb) => `iam.serviceAccounts.${verb}`,
        ),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
      surplus: 'Google requires this role for Pub/Sub to write with a service account. It is granted on that service account only.',
    },
    'roles/logging.admin': all('logging'),
    'roles/logging.configWriter': {
      permissions: [
        ...['buckets', 'cmekSettings', 'exclusions', 'locations', 'logMetrics', 'notificationRules', 'operations', 'sinks', 'views'].map(
          (kind) => `logging.${kind}.*`,
        ),
        ...['logServiceIndexes', 'logServices', 'logs'].map((kind) => `logging.${kind}.list`),
        'resourcemanager.projects.get',
        'resourcemanager.projects.list',
      ],
      surplus: 'The role that makes sinks and alerts on lines of a log also makes buckets: Google has no role without them.',
    },
    'roles/logging.logWriter': { permissions: ['logging.logEntries.create', 'logging.logEntries.route'] },
  },
  harmless: [
    // https://github.com/josdejong/lossless-json
    'lossless-json parse.parse',
    'lossless-json stringify.stringify',
    'lossless-json utils.isInteger',
    'google-auth-library GoogleAuth',
    'undici-types BodyMixin.text',
  ],
};
