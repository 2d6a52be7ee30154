import type { TerraformResource } from 'cdktf';

/**
 * Say why findings of a scanner stay, next to the resource that they concern. The reasons go into the synthesized JSON, under
 * the key `//`, which is a comment to Terraform: what is applied does not change. Call it once for each resource.
 * @param reasons each finding by its id, such as `CKV_GCP_83`: why it is right here, and what to set where it is not
 */
export function acknowledge(resource: TerraformResource, reasons: Readonly<Record<string, string>>) {
  resource.addOverride(
    '//.acknowledged',
    Object.entries(reasons).map(([id, reason]) => ({ id, reason })),
  );
}
