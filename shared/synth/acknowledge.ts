import type { TerraformResource } from 'cdktf';

/**
 * Suppress findings of a scanner on a resource, with a reason for each. The reasons are written into the synthesized JSON under
 * the key `//`, which Terraform ignores as a comment. Call it once for each resource.
 * @param reasons by the id of the finding, such as `CKV_GCP_83`: why the finding is accepted, and what to set to resolve it
 */
export function acknowledge(resource: TerraformResource, reasons: Readonly<Record<string, string>>) {
  resource.addOverride(
    '//.acknowledged',
    Object.entries(reasons).map(([id, reason]) => ({ id, reason })),
  );
}
