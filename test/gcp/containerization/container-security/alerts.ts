/** A line of a log, as far as the alert reads it. */
interface Line {
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly log: string;
  readonly protoPayload: object;
}

/** Whether a filter matches a line: `a = "b"`, `a = ("b" OR "c")`, `log_id("a")`, a text anywhere, and `OR` in brackets. */
function matches(filter: string, line: Line): boolean {
  return filter.split(' AND ').every((part) => {
    const either = /^\((.*)\)$/.exec(part)?.[1]?.split(' OR ') ?? [part];
    return either.some((one) => {
      const [, log] = /^log_id\("(.*)"\)$/.exec(one) ?? [];
      if (log !== undefined) return line.log === log;
      const [, field, value = ''] = /^([\w.]+) = (.*)$/.exec(one) ?? [];
      if (field === undefined) return JSON.stringify(line).toLowerCase().includes(one.slice(1, -1).toLowerCase());
      const wanted = [...value.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
      return at(line, field.split('.')).some((found) => wanted.includes(found));
    });
  });
}

/** The values at a path. A list stands for each of its elements. */
function at(value: any, [key, ...rest]: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => at(one, key === undefined ? [] : [key, ...rest]));
  if (key === undefined) return value === undefined ? [] : [String(value)];
  return at(value?.[key], rest);
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'an image is not attested': (policy) => {
    const { filter } = policy.conditions[0].condition_matched_log;
    const [, project = ''] = /project_id = "([^"]*)"/.exec(filter) ?? [];
    const line = (protoPayload: object, type = 'cloud_run_revision', more: Partial<Line> = {}): Line => ({
      resource: { type, labels: { project_id: project } },
      log: 'cloudaudit.googleapis.com/system_event',
      protoPayload,
      ...more,
    });
    const refused = { response: { status: { conditions: [{ type: 'Ready' }, { reason: 'ContainerImageUnauthorized' }] } } };
    const started = { response: { status: { conditions: [{ type: 'Ready', status: 'True' }] } } };
    expect(matches(filter, line(refused))).toBe(true);
    expect(matches(filter, line(refused, 'cloud_run_job'))).toBe(true);
    expect(matches(filter, line(refused, 'cloud_run_worker_pool'))).toBe(true);
    expect(matches(filter, line({ ...started, status: { message: 'Deployed by dry run: image is not attested' } }))).toBe(true);
    expect(matches(filter, line({ ...started, status: { message: 'Breakglass was used: the database is down' } }))).toBe(true);
    // A revision that starts, one that fails for another reason, a refusal elsewhere, and a line of an application.
    expect(matches(filter, line(started))).toBe(false);
    expect(matches(filter, line({ response: { status: { conditions: [{ reason: 'HealthCheckContainerError' }] } } }))).toBe(false);
    expect(matches(filter, line(refused, 'k8s_cluster'))).toBe(false);
    const other = { type: 'cloud_run_revision', labels: { project_id: 'another' } };
    expect(matches(filter, line(refused, '', { resource: other }))).toBe(false);
    expect(matches(filter, line({ message: 'dry run' }, 'cloud_run_revision', { log: 'run.googleapis.com/stdout' }))).toBe(false);
  },
};
