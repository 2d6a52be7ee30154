import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly Step[]; readonly permissions?: unknown; readonly 'timeout-minutes'?: number }>
  >;
}

const folder = path.join(__dirname, '../.github/workflows');
/** Those that deploy are tested by themselves: deploy-workflows.test.ts. */
const isOfChecks = (file: string) => !/^(deploy-\w+|compare|terraform)\.yml$/.test(file);
const workflows = readdirSync(folder)
  .filter(isOfChecks)
  .map((file): [string, string, Workflow] => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    return [file, text, parse(text)];
  });

test('there is a workflow that checks, and one that audits', () =>
  expect(workflows.map(([file]) => file)).toEqual(['audit.yml', 'check.yml']));

describe.each(workflows)('%s', (_, text, { on, permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  test('may read the code, and nothing else', () => {
    expect(permissions).toEqual({ contents: 'read' });
    expect(Object.values(jobs).map((job) => job.permissions)).toEqual(Object.values(jobs).map(() => undefined));
    expect(text).not.toMatch(/secrets\.|github\.token|GITHUB_TOKEN/);
  });

  test('takes each action at one commit, and says of which version it is', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBe(steps.filter((step) => step.uses).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('leaves no credentials in the checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const checkout of checkouts) expect(checkout.with).toEqual({ 'persist-credentials': false });
  });

  test('runs no words that somebody outside has chosen, and never with the rights of the project on code from outside', () => {
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
    expect(Object.keys(on)).not.toContain('pull_request_target');
    expect(Object.keys(on)).not.toContain('workflow_run');
  });

  test('ends by itself', () => {
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
  });
});
