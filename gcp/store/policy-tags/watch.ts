import type { DataCatalogTaxonomy } from '@cdktf/provider-google/lib/data-catalog-taxonomy';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { alertOnLog } from '../../foundation/alert';

/** Changes of a taxonomy that can let others read. */
const CHANGES = ['DeletePolicyTag', 'DeleteTaxonomy', 'SetIamPolicy', 'UpdatePolicyTag', 'UpdateTaxonomy'];
/** Changes of a data policy that can show others more. */
const CHANGES_OF_MASKING = ['DeleteDataPolicy', 'RenameDataPolicy', 'SetIamPolicy', 'UpdateDataPolicy'];

interface Watched {
  /** What the tags are called. */
  readonly title: string;
  readonly project: string;
  readonly notify: readonly string[];
}

/** Open an incident when somebody changes a tag, its taxonomy, or its members. */
export function watchTags(scope: Construct, { title, ...common }: Watched, taxonomy: DataCatalogTaxonomy) {
  alertOnLog(scope, 'Changed', {
    ...common,
    title: `${title}: who may read protected columns was changed`,
    condition: 'a change of the tags or of their members',
    filter: [
      ...activityOf('datacatalog'),
      // The name is projects/P/locations/L/taxonomies/ID.
      `protoPayload.resourceName : "taxonomies/${Fn.element(Fn.split('/', taxonomy.name), 5)}"`,
      `protoPayload.methodName = (${anyOf(CHANGES.map((change) => `google.cloud.datacatalog.v1.PolicyTagManager.${change}`))})`,
    ],
    meaning:
      'Somebody deleted a policy tag, changed its taxonomy, or changed who may read the columns that it protects. The line of the log says who. If no deploy did it, deploy again to restore the tags, and give the columns their tags back.',
  });
}

/**
 * Open an incident when somebody changes what masks a column, or who sees the masked values.
 * @param policies the ids of the data policies
 * @see https://cloud.google.com/bigquery/docs/column-data-masking-audit-logging
 */
export function watchMasking(scope: Construct, { title, ...common }: Watched, policies: readonly string[]) {
  alertOnLog(scope, 'MaskingChanged', {
    ...common,
    title: `${title}: what masks protected columns was changed`,
    condition: 'a change of masking or of its members',
    filter: [
      ...activityOf('bigquerydatapolicy'),
      `protoPayload.resourceName : (${anyOf(policies.map((id) => `/dataPolicies/${id}`))})`,
      // The API has several versions, whose methods have the same name at the end.
      `protoPayload.methodName : (${anyOf(CHANGES_OF_MASKING.map((change) => `DataPolicyService.${change}`))})`,
    ],
    meaning:
      'Somebody changed what is shown instead of the values of protected columns, or who sees it. The line of the log says who. If no deploy did it, deploy again to restore both.',
  });
}

/** The log of changes that somebody made by an API. */
function activityOf(api: string): string[] {
  return [
    'resource.type = "audited_resource"',
    `resource.labels.service = "${api}.googleapis.com"`,
    'log_id("cloudaudit.googleapis.com/activity")',
  ];
}

function anyOf(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(' OR ');
}
