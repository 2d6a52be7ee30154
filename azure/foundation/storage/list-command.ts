/** A command that lists the blobs of a container, as the user who is signed in to the Azure CLI. */
export function listCommand(accountName: string, container: string): string {
  return `az storage blob list --auth-mode login --account-name ${accountName} --container-name ${container} --query '[].name' --output tsv`;
}
