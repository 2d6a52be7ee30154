const PUBLIC =
  'Flex Consumption reaches an account without public network access only through a virtual network. The address is public, and callers need a Microsoft ' +
  'Entra token. For a virtual network, set publicNetworkAccessEnabled to false on the account, and add a PrivateEndpoint.';

/** The findings of scanners that have the same answer for every storage account. */
export const STORAGE_ACCOUNT: Readonly<Record<string, string>> = { CKV_AZURE_59: PUBLIC, CKV2_AZURE_33: PUBLIC };
