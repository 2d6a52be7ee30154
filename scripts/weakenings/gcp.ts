import { add, remove, replace, set, type Weakening } from './weakening';

const TOPIC = /^google_pubsub_topic\.Buffer_Topic/;
const DEAD_TOPIC = /^google_pubsub_topic\.Buffer_DeadLetter/;
const TRIGGER = /^google_pubsub_subscription\.Processing/;
const KEEPER = /^google_pubsub_subscription\.Buffer/;
const PUBLISHERS = /^google_pubsub_topic_iam_member\.Connect/;
const WRITER = /^google_bigquery_table_iam_member\./;
const FUNCTION = /^google_cloudfunctions2_function\./;
const INVOKER = /^google_cloud_run_v2_service_iam_member\./;
const SOURCE_READER = /^google_project_iam_member\.Processing_Builder_SourceReader/;
const TABLE = /^google_bigquery_table\.Store_Table/;
const DATASET = /^google_bigquery_dataset\./;
const BUCKET = /^google_storage_bucket\./;
const APIS = /^google_project_service\./;
const DEAD_LETTERS = /^google_monitoring_alert_policy\.Buffer_DeadLetter/;
const RUNTIME = 'serviceAccount:<google_service_account.Processing_Runtime.email>';

/** Ways to make the pipeline on GCP worse. */
export const GCP: readonly Weakening[] = [
  { name: 'anyone may publish', edit: set(PUBLISHERS, 'member', 'allUsers') },
  { name: 'anyone may be named as a publisher', edit: set(/^variable\.publishers/, 'validation') },
  { name: 'publishers may change the topic', edit: set(PUBLISHERS, 'role', 'roles/pubsub.editor') },
  {
    name: 'publishers may publish to the dead letter',
    edit: replace(PUBLISHERS, /google_pubsub_topic\.\w+/, '<google_pubsub_topic.Buffer_DeadLetter_Topic>'),
  },
  { name: 'the function owns the table', edit: set(WRITER, 'role', 'roles/bigquery.dataOwner') },
  {
    name: 'the function is an editor of the project',
    edit: add('google_project_iam_member.Extra', { project: 'x', role: 'roles/editor', member: RUNTIME }),
  },
  {
    name: 'the function writes to every table of the dataset',
    edit: (draft) => {
      remove(WRITER)(draft);
      add('google_bigquery_dataset_iam_member.Extra', {
        dataset_id: '<google_bigquery_dataset.Store_Dataset.dataset_id>',
        role: 'roles/bigquery.dataEditor',
        member: RUNTIME,
      })(draft);
    },
  },
  { name: 'the function reads what it wrote, and may not write', edit: set(WRITER, 'role', 'roles/bigquery.dataViewer') },
  { name: 'the function may not write', edit: remove(WRITER) },
  {
    name: 'the function publishes to every topic',
    edit: add('google_project_iam_member.Extra', { project: 'x', role: 'roles/pubsub.publisher', member: RUNTIME }),
  },
  { name: 'everyone may call the function', edit: set(INVOKER, 'member', 'allUsers') },
  { name: 'the invoker may change the function', edit: set(INVOKER, 'role', 'roles/run.admin') },
  { name: 'nobody may call the function', edit: remove(INVOKER) },
  { name: 'the builder reads every bucket', edit: set(SOURCE_READER, 'condition') },
  { name: 'the builder changes every bucket', edit: set(SOURCE_READER, 'role', 'roles/storage.objectAdmin') },
  {
    name: 'the builder administers the images',
    edit: set(/^google_artifact_registry_repository_iam_member\./, 'role', 'roles/artifactregistry.admin'),
  },
  { name: 'Pub/Sub may not forward to the dead letter', edit: remove(/^google_pubsub_topic_iam_member\.Buffer_DeadLetter_Forwarder/) },
  { name: 'Pub/Sub may not take out what it forwarded', edit: remove(/^google_pubsub_subscription_iam_member\./) },
  { name: 'everyone may read the dataset', edit: set(DATASET, 'access', [{ role: 'READER', special_group: 'allAuthenticatedUsers' }]) },
  {
    name: 'a list of members takes away what others were given',
    edit: add('google_pubsub_topic_iam_binding.Extra', { topic: 'x', role: 'roles/pubsub.publisher', members: [RUNTIME] }),
  },
  {
    name: 'somebody has a key of the function',
    edit: add('google_service_account_key.Key', { service_account_id: '<google_service_account.Processing_Runtime.name>' }),
  },
  { name: 'the function runs as the account of everything else', edit: set(FUNCTION, 'service_config.service_account_email') },
  {
    name: 'the function is built by the account that it runs as',
    edit: replace(
      FUNCTION,
      /google_service_account\.Processing_Builder_Account_\w+\.name/,
      '<google_service_account.Processing_Runtime>.name',
    ),
  },

  { name: 'the function answers the internet', edit: set(FUNCTION, 'service_config.ingress_settings', 'ALLOW_ALL') },
  { name: 'calls bring no token', edit: set(TRIGGER, 'push_config.oidc_token') },
  { name: 'the token is for any service', edit: set(TRIGGER, 'push_config.oidc_token.audience', 'https://example.com') },
  { name: 'instances have no bound', edit: set(FUNCTION, 'service_config.max_instance_count') },
  { name: 'a slow call is tried again while it runs', edit: set(TRIGGER, 'ack_deadline_seconds', 10) },

  { name: 'an event is tried for ever', edit: set(TRIGGER, 'dead_letter_policy') },
  { name: 'an event is tried without a pause', edit: set(TRIGGER, 'retry_policy') },
  { name: 'the trigger expires', edit: set(TRIGGER, 'expiration_policy') },
  { name: 'nobody keeps the dead letter', edit: remove(KEEPER) },
  { name: 'the dead letter is kept for a day', edit: set(KEEPER, 'message_retention_duration', '86400s') },
  { name: 'the dead letter expires', edit: set(KEEPER, 'expiration_policy') },
  { name: 'events cannot be replayed', edit: set(TOPIC, 'message_retention_duration') },
  { name: 'events leave the region', edit: set(TOPIC, 'message_storage_policy') },
  { name: 'events leave the region on their way', edit: set(TOPIC, 'message_storage_policy.enforce_in_transit', false) },
  { name: 'the topic goes with its stack', edit: set(TOPIC, 'lifecycle') },
  { name: 'the dead letter goes with its stack', edit: set(DEAD_TOPIC, 'lifecycle') },
  { name: 'the rows go with their stack', edit: set(DATASET, 'delete_contents_on_destroy', true) },
  { name: 'the table may be deleted', edit: set(TABLE, 'deletion_protection', false) },
  {
    name: 'a row need not say when it happened',
    edit: replace(
      TABLE,
      '\\"name\\":\\"event_time\\",\\"type\\":\\"TIMESTAMP\\",\\"mode\\":\\"REQUIRED\\"',
      '\\"name\\":\\"event_time\\",\\"type\\":\\"TIMESTAMP\\",\\"mode\\":\\"NULLABLE\\"',
    ),
  },
  {
    name: 'a column that the handler does not fill must be filled',
    edit: replace(TABLE, /(?<=\\"name\\":\\"subject\\".*?\\"mode\\":\\")NULLABLE/, 'REQUIRED'),
  },
  { name: 'what no column holds is lost', edit: replace(TABLE, '\\"name\\":\\"rest\\"', '\\"name\\":\\"other\\"') },
  { name: 'a query may read every day', edit: set(TABLE, 'require_partition_filter', false) },
  { name: 'a changed row cannot be brought back', edit: set(DATASET, 'max_time_travel_hours', '0') },
  { name: 'days are not apart', edit: set(TABLE, 'time_partitioning') },
  { name: 'duplicates are not removed', edit: remove(/^google_bigquery_table\.Store_View/) },
  { name: 'the code may be public', edit: set(BUCKET, 'public_access_prevention', 'inherited') },
  { name: 'objects of code have lists of access control', edit: set(BUCKET, 'uniform_bucket_level_access', false) },

  { name: 'delivery begins before Pub/Sub may forward', edit: set(TRIGGER, 'depends_on') },
  { name: 'the function starts before it may write', edit: set(FUNCTION, 'depends_on') },
  { name: 'an API is off', edit: replace(APIS, /, \\"pubsub\.googleapis\.com\\"/, '') },
  { name: 'other parts of the project lose their APIs', edit: set(APIS, 'disable_on_destroy', true) },
  { name: 'nobody hears of a dead letter', edit: remove(DEAD_LETTERS) },
  { name: 'a thousand dead letters raise no incident', edit: set(DEAD_LETTERS, 'conditions.0.condition_threshold.threshold_value', 1000) },
  { name: 'one incident for all subscriptions', edit: replace(DEAD_LETTERS, / AND resource\.labels\.subscription_id = [^}]*}\\"/, '') },
  { name: 'the incident is switched off', edit: set(DEAD_LETTERS, 'enabled', false) },
  { name: 'nobody hears that events are late', edit: remove(/^google_monitoring_alert_policy\.Processing_TriggerLate/) },
  { name: 'nobody hears that the function fails', edit: remove(/^google_monitoring_alert_policy\.Processing_Failures/) },
];
