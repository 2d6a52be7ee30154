/** What every storage account is set to: TLS 1.2, no keys, no users of its own, nothing that anybody may read unnamed. */
export const CLOSED_ACCOUNT = {
  accountKind: 'StorageV2',
  accountTier: 'Standard',
  minTlsVersion: 'TLS1_2',
  httpsTrafficOnlyEnabled: true,
  sharedAccessKeyEnabled: false,
  defaultToOauthAuthentication: true,
  localUserEnabled: false,
  allowNestedItemsToBePublic: false,
  crossTenantReplicationEnabled: false,
  infrastructureEncryptionEnabled: true,
} as const;
