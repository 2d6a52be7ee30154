import { AppEngineEntry, type AppEngineEntryProps } from '../../../../gcp/connect/app-engine/app-engine-entry';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { site, synthesize } from '../../stand-ins';
import { code } from './code';

/** An entry with neighbours that bind, without resources of their own but the grants. */
export function make(props: Partial<AppEngineEntryProps> = {}) {
  const made = synthesize((stack) => {
    const sink = new PubSubBuffer(stack, 'Buffer', { site, topicId: 'projects/acme-data/topics/acme-events' });
    const registry = new CloudStorageStore(stack, 'Devices', { site, bucketName: 'acme-devices', prefix: 'devices/' });
    return new AppEngineEntry(stack, 'Connect', { site, sink, registry, code, ...props });
  });
  const version = made.one('google_app_engine_standard_app_version');
  const alerts = made.all('google_monitoring_alert_policy').filter(({ conditions }) => conditions[0].display_name.startsWith('entry '));
  return { ...made, version, variables: version.env_variables as Record<string, string>, alerts };
}
