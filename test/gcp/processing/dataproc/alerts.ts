/** A line of the audit log, as the parts of a filter name its fields. */
type Line = Readonly<Record<string, string>>;

/** The severities of Cloud Logging from the lowest to the highest. */
const SEVERITIES = ['DEFAULT', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL'];

/** Whether a filter takes a line, for the parts that this one has. */
function takes(filter: string, line: Line): boolean {
  return filter.split(' AND ').every((part) => {
    const [, field, value] = /^([\w.]+) = "(.*)"$/.exec(part) ?? [];
    if (field !== undefined) return line[field] === value;
    const [, least] = /^severity >= (\w+)$/.exec(part) ?? [];
    expect(SEVERITIES).toContain(least);
    return SEVERITIES.indexOf(line.severity!) >= SEVERITIES.indexOf(least!);
  });
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'CreateBatch failed': (policy) => {
    const { filter } = policy.conditions[0].condition_matched_log;
    const equal: string[][] = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{[^}]*\})*)"/g)].map(([, field, value]) => [field, value]);
    const line: Line = { ...Object.fromEntries(equal), severity: 'ERROR' };
    expect(takes(filter, line)).toBe(true);
    // A run starts, and one ends well.
    expect(takes(filter, { ...line, severity: 'NOTICE' })).toBe(false);
    // A run of another batch fails, and somebody may not list batches.
    expect(takes(filter, { ...line, 'protoPayload.authenticationInfo.principalEmail': 'other@acme-data.iam.gserviceaccount.com' })).toBe(
      false,
    );
    expect(takes(filter, { ...line, 'protoPayload.methodName': 'google.cloud.dataproc.v1.BatchController.ListBatches' })).toBe(false);
  },
};
