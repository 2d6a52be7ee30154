import { CosmosdbAccount } from '@cdktf/provider-azurerm/lib/cosmosdb-account';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { canonicalId, segment } from '../../foundation/arm-id';
import { Lock } from '../../foundation/lock';
import { requireOwnSubscription } from '../../foundation/own-subscription';
import type { Site } from '../../ports/site';

export const ACCOUNT = 'Microsoft.DocumentDB/databaseAccounts';

const PUBLIC =
  'Flex Consumption reaches an account without public network access only through a virtual network. The address is public, and callers need a Microsoft ' +
  'Entra token. For a virtual network, set publicNetworkAccessEnabled to false on the account, and add a PrivateEndpoint.';

/** Settings for {@link CosmosAccount}. */
export interface CosmosAccountProps {
  /** The resource group, the region and the workspace of the account. */
  readonly site: Site;
  /** The middle of its name. */
  readonly name: string;
  /** Whether it is billed by request. */
  readonly serverless: boolean;
  /** How far back it can be restored, in days. */
  readonly backupRetentionDays: number;
  /** Whether its copies are in several zones. */
  readonly zoneRedundant: boolean;
  /**
   * The id of an existing account.
   * @default - a new account
   */
  readonly existingId?: string;
  /**
   * What protects the account from deletion.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
  /**
   * Whether a lock protects a new account from deletion.
   * @default false
   */
  readonly lock?: boolean;
}

/**
 * The account of a container: no keys, TLS 1.2, a continuous backup, and logs of its changes.
 *
 * Do not use it for a private network: its address is public, and callers need a Microsoft Entra token.
 * @see https://learn.microsoft.com/azure/cosmos-db/security
 */
export class CosmosAccount extends Construct {
  /** The account, if this construct created it. */
  readonly resource?: CosmosdbAccount;
  /** Its lock, if it has one. */
  readonly lock?: Lock;
  readonly id: string;
  readonly name: string;
  readonly resourceGroupName: string;
  /** The address of the account, such as `https://acme-rows-1a2b3c4d.documents.azure.com:443/`. */
  readonly endpoint: string;

  constructor(scope: Construct, id: string, props: CosmosAccountProps) {
    super(scope, id);
    if (props.existingId === undefined) {
      const { account, logs } = this.create(props);
      this.resource = account;
      if (props.lock) this.lock = new Lock(this, 'Lock', account, logs);
    }
    const account = this.resource ?? this.existing(props.existingId!);
    [this.id, this.name, this.resourceGroupName, this.endpoint] = [account.id, account.name, account.resourceGroupName, account.endpoint];
  }

  private create({ site, name, serverless, backupRetentionDays, zoneRedundant, lifecycle }: CosmosAccountProps) {
    const account = new CosmosdbAccount(this, 'Resource', {
      name: `${site.prefix}-${name}-${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      offerType: 'Standard',
      kind: 'GlobalDocumentDB',
      localAuthenticationDisabled: true,
      accessKeyMetadataWritesEnabled: false,
      minimalTlsVersion: 'Tls12',
      consistencyPolicy: { consistencyLevel: 'Session' },
      geoLocation: [{ location: site.location, failoverPriority: 0, zoneRedundant }],
      capabilities: serverless ? [{ name: 'EnableServerless' }] : undefined,
      backup: { type: 'Continuous', tier: `Continuous${backupRetentionDays}Days` },
      lifecycle,
    });
    keepAddress(account, name);
    acknowledge(account, {
      CKV_AZURE_99: PUBLIC,
      CKV_AZURE_101: PUBLIC,
      CKV_AZURE_100:
        'Azure encrypts it with a Microsoft-managed key. A key of your own can be given only when the account is created: set keyVaultKeyId on the account.',
    });
    const logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: account.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      // Changes of keys, network and roles. The log of all requests has a line for each, and can cost more than the requests.
      enabledLog: [{ category: 'ControlPlaneRequests' }],
    });
    return { account, logs };
  }

  private existing(id: string) {
    requireOwnSubscription(this, this.node.scope!.node.path, 'accountId', id);
    const [resourceGroupName, name] = [segment(id, 4), segment(id, 8)];
    return { id: canonicalId(id, ACCOUNT), name, resourceGroupName, endpoint: `https://${name}.documents.azure.com:443/` };
  }
}
