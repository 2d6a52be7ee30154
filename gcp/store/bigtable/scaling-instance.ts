import { BigtableAppProfile } from '@cdktf/provider-google/lib/bigtable-app-profile';
import { BigtableInstance } from '@cdktf/provider-google/lib/bigtable-instance';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { googleKey } from '../../foundation/answers';
import { allowEncrypt } from '../../foundation/encryption';
import type { Site } from '../../ports/site';
import { alertOnLoad, alertOnMostNodes } from './load-alerts';

/** Settings for {@link ScalingInstance}. */
export interface ScalingInstanceProps {
  readonly site: Site;
  /** The end of the id. */
  readonly name: string;
  /** The zone of each cluster. */
  readonly zones: readonly string[];
  readonly minNodes: number;
  readonly maxNodes: number;
  readonly cpuTargetPercent: number;
  /** The id of a Cloud KMS key. Without one, a Google-managed key encrypts. */
  readonly encryptionKey?: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
  /** Whether it may be deleted, with its backups. */
  readonly destroy: boolean;
}

/**
 * Part of the Store stage: an instance of Bigtable with a cluster in each zone, whose nodes scale with the load.
 *
 * Bigtable routes the requests of an app profile. With one cluster, all go there. With two, they go to the nearest one that answers.
 * A cluster is named by its number: if a zone changed, Terraform would replace the instance, which is refused. Under another name,
 * it would delete a cluster before its rows are copied.
 * @see https://cloud.google.com/bigtable/docs/instances-clusters-nodes
 */
export class ScalingInstance extends Construct {
  readonly instance: BigtableInstance;
  /** How requests find a cluster. */
  readonly appProfile: BigtableAppProfile;

  constructor(scope: Construct, id: string, props: ScalingInstanceProps) {
    super(scope, id);
    const { site, name, zones, minNodes, maxNodes, cpuTargetPercent: cpuTarget, encryptionKey, notify, destroy } = props;
    const { project } = site;
    const instanceId = `${site.prefix}-${name}`;
    const clusters = zones.map((zone, index) => ({
      clusterId: `${instanceId}-${index + 1}`,
      zone,
      storageType: 'SSD',
      kmsKeyName: encryptionKey,
      autoscalingConfig: { minNodes, maxNodes, cpuTarget },
    }));
    this.instance = new BigtableInstance(this, 'Instance', {
      project,
      name: instanceId,
      cluster: clusters,
      deletionProtection: !destroy,
      // Otherwise Google refuses to delete an instance that has backups.
      forceDestroy: destroy,
      dependsOn: [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId: encryptionKey, services: ['bigtableadmin'] })],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.instance, name);
    if (!encryptionKey) acknowledge(this.instance, { CKV_GCP_85: googleKey('encryptionKey') });
    const routing =
      clusters.length > 1 ? { multiClusterRoutingUseAny: true } : { singleClusterRouting: { clusterId: clusters[0]!.clusterId } };
    this.appProfile = new BigtableAppProfile(this, 'AppProfile', {
      project,
      instance: this.instance.name,
      appProfileId: instanceId,
      ...routing,
      // Google warns of every change of a profile that is in use, and refuses it otherwise.
      ignoreWarnings: true,
    });
    keepAddress(this.appProfile, name);
    const watched = { project, instance: this.instance.name, notify };
    alertOnLoad(this, watched, cpuTarget);
    if (maxNodes > minNodes) alertOnMostNodes(this, watched, maxNodes);
  }
}
