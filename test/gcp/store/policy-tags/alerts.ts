/** A line of an audit log, as far as the alert reads it. */
interface Line {
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly log: string;
  readonly protoPayload: Readonly<Record<string, string>>;
}

/** Whether a filter matches a line: `a = "b"`, `a = ("b" OR "c")`, `a : "part"` and `log_id("a")`. */
function matches(filter: string, line: Line): boolean {
  return filter.split(' AND ').every((part) => {
    const [, log] = /^log_id\("(.*)"\)$/.exec(part) ?? [];
    if (log !== undefined) return line.log === log;
    const [, field = '', operator, value = ''] = /^([\w.]+) (=|:) (.*)$/.exec(part) ?? [];
    const found = field.split('.').reduce<any>((at, key) => at?.[key], line);
    const wanted = [...value.matchAll(/"([^"]*)"/g)].map(([, text]) => text!);
    return wanted.some((text) => (operator === ':' ? String(found).includes(text) : found === text));
  });
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'a change of the tags or of their members': (policy) => {
    const filter = String(policy.conditions[0].condition_matched_log.filter).replace(/\$\{element\(split\(.*\), 5\)\}/, '42');
    const tag = 'projects/acme-data/locations/europe-west1/taxonomies/42/policyTags/7';
    const line = (method: string, resourceName = tag, more: Partial<Line> = {}): Line => ({
      resource: { type: 'audited_resource', labels: { service: 'datacatalog.googleapis.com' } },
      log: 'cloudaudit.googleapis.com/activity',
      protoPayload: { methodName: `google.cloud.datacatalog.v1.PolicyTagManager.${method}`, resourceName },
      ...more,
    });
    const taxonomy = tag.replace(/\/policyTags.*/, '');
    // A tag is gone, its members change, and the taxonomy is switched off or deleted.
    expect(matches(filter, line('DeletePolicyTag'))).toBe(true);
    expect(matches(filter, line('SetIamPolicy'))).toBe(true);
    expect(matches(filter, line('UpdatePolicyTag'))).toBe(true);
    expect(matches(filter, line('UpdateTaxonomy', taxonomy))).toBe(true);
    expect(matches(filter, line('DeleteTaxonomy', taxonomy))).toBe(true);
    // Nobody sees more by a new tag, by a look at the members, or in another taxonomy.
    expect(matches(filter, line('CreatePolicyTag'))).toBe(false);
    expect(matches(filter, line('GetIamPolicy'))).toBe(false);
    expect(matches(filter, line('SetIamPolicy', tag.replace('42', '43')))).toBe(false);
    expect(matches(filter, line('SetIamPolicy', tag, { log: 'cloudaudit.googleapis.com/data_access' }))).toBe(false);
  },
  'a change of masking or of its members': (policy) => {
    const text = String(policy.conditions[0].condition_matched_log.filter);
    const filter = text.replace(/\$\{google_bigquery_datapolicy_data_policy\.[^}]*\}/g, 'acme_columns_customer');
    const line = (method: string, id = 'acme_columns_customer', version = 'v1', log = 'cloudaudit.googleapis.com/activity'): Line => ({
      resource: { type: 'audited_resource', labels: { service: 'bigquerydatapolicy.googleapis.com' } },
      log,
      protoPayload: {
        methodName: `google.cloud.bigquery.datapolicies.${version}.DataPolicyService.${method}`,
        resourceName: `projects/1/locations/europe-west1/dataPolicies/${id}`,
      },
    });
    for (const method of ['UpdateDataPolicy', 'DeleteDataPolicy', 'RenameDataPolicy', 'SetIamPolicy'])
      expect(matches(filter, line(method))).toBe(true);
    expect(matches(filter, line('UpdateDataPolicy', undefined, 'v1beta1'))).toBe(true);
    // A look shows nothing more, and other policies are not those of these tags.
    expect(matches(filter, line('GetIamPolicy'))).toBe(false);
    expect(matches(filter, line('SetIamPolicy', 'press_columns_customer'))).toBe(false);
    expect(matches(filter, line('SetIamPolicy', undefined, undefined, 'cloudaudit.googleapis.com/data_access'))).toBe(false);
  },
};
