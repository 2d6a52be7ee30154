import { type AllowList, only, within } from '../../coverage';
import { memoryMiB, readable } from '../foundation/quantities';

/** A function, where its code lies, and who may call it. */
export const COVERAGE: AllowList = {
  google_cloudfunctions2_function: {
    name: 'emulated',
    project: 'no effect here',
    location: 'no effect here',
    labels: 'no effect here',
    'build_config.entry_point': 'emulated',
    'build_config.source.storage_source.bucket': 'emulated',
    'build_config.source.storage_source.object': 'emulated',
    'build_config.runtime': (value) =>
      /^nodejs\d+$/.test(String(value)) ? undefined : `only Node.js is emulated, got ${JSON.stringify(value)}`,
    'build_config.service_account': 'no effect here',
    'build_config.docker_repository': 'no effect here',
    'build_config.automatic_update_policy': 'no effect here',
    'service_config.available_memory': readable(memoryMiB, '512Mi'),
    'service_config.environment_variables': 'emulated',
    'service_config.max_instance_request_concurrency': within(1, 1000, 'Cloud Run'),
    'service_config.timeout_seconds': within(1, 3600, 'Cloud Run'),
    'service_config.available_cpu': 'no effect here',
    'service_config.all_traffic_on_latest_revision': 'no effect here',
    'service_config.ingress_settings': 'no effect here',
    'service_config.max_instance_count': 'no effect here',
    'service_config.min_instance_count': 'no effect here',
    'service_config.service_account_email': 'no effect here',
  },
  google_cloud_run_v2_service_iam_member: {
    name: 'emulated',
    member: 'emulated',
    role: only('roles/run.invoker'),
    project: 'no effect here',
    location: 'no effect here',
  },
  google_storage_bucket_object: { name: 'emulated', bucket: 'emulated', source: 'emulated' },
  google_storage_bucket: 'no effect here',
  google_artifact_registry_repository: 'no effect here',
  google_artifact_registry_repository_iam_member: 'no effect here',
};
