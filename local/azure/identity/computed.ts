import { createHash } from 'node:crypto';
import type { ComputedByType } from '../../template/open-terraform';
import { idOf } from '../foundation/ids';

export const COMPUTED: ComputedByType = {
  azurerm_user_assigned_identity: (resource) => ({
    id: idOf(resource, 'Microsoft.ManagedIdentity/userAssignedIdentities'),
    client_id: guidOf(resource.path),
  }),
};

/** The same GUID for the same resource. */
function guidOf(at: string): string {
  const hex = createHash('sha256').update(at).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
