const PUBLIC =
  'Flex Consumption reaches an account without public network access only through a virtual network. The address is public, and only a token of Entra ' +
  'opens it. Behind a network, set publicNetworkAccessEnabled to false on the account, and add a PrivateEndpoint.';

/** Findings that every storage account answers the same way. */
export const STORAGE_ACCOUNT: Readonly<Record<string, string>> = { CKV_AZURE_59: PUBLIC, CKV2_AZURE_33: PUBLIC };
