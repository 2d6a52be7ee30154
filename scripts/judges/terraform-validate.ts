import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Finding, type Judge, Unavailable, type Verdict } from './judge';
import { mockTest, testable } from './terraform/mock-test';
import { type TerraformJson, type TerraformStack, terraformStacks } from './terraform/stack';

/** Providers that were downloaded once. */
const CACHE = path.join(__dirname, '../../.judges/terraform');

/** What Terraform may know of this machine: how to reach a registry or a mirror of one, and no credentials of a cloud. */
const KEPT = /^(PATH|LANG|(https?|no|all)_proxy|SSL_CERT_\w+|TF_CLI_CONFIG_FILE)$/i;

/** How Terraform says that it could not fetch a provider, which is no fault of a stack. */
const OUT_OF_REACH =
  /Failed to (query available provider packages|install provider|resolve provider packages)|Invalid provider registry host/;
const TEN_MINUTES = 600_000;

/** Terraform itself, with the real providers: it validates each stack, and applies it where mocks stand for the clouds. */
export const terraformValidate: Judge = {
  name: 'terraform validate and test',
  proves: 'the real providers accept every setting, and an apply to mocks succeeds',
  blueprintsOf: ['azure', 'gcp'],
  online: true,
  run: async () => {
    const version = await versionOf();
    const verdicts: Verdict[] = [];
    for (const stack of terraformStacks()) {
      const looked = `validated, and applied on mocks, by Terraform ${version}`;
      verdicts.push({ subject: stack.name, looked, findings: await validate(stack) });
    }
    return verdicts;
  },
};

/** @throws Unavailable where Terraform or a provider cannot be had */
export async function validate({ name, folder, json }: TerraformStack): Promise<Finding[]> {
  const copy = mkdtempSync(path.join(tmpdir(), 'validate-'));
  try {
    cpSync(folder, copy, { recursive: true });
    write(copy, json);
    process.stderr.write(`${name}: fetching its providers, which takes minutes the first time ...\n`);
    const init = await terraform(copy, 'init', '-backend=false', '-input=false', '-no-color');
    if (init.status !== 0) return refused(name, init.text);

    const valid = await terraform(copy, 'validate', '-json');
    const faults = errors([JSON.parse(valid.stdout) as Printed], name, 'validate');
    if (faults.length > 0) return faults;

    write(copy, testable(json));
    writeFileSync(path.join(copy, 'mock.tftest.json'), JSON.stringify(mockTest(json), null, 2));
    const test = await terraform(copy, 'test', '-json');
    const lines = test.stdout.split('\n').filter((line) => line.startsWith('{'));
    const failed = errors(
      lines.map((line) => JSON.parse(line) as Printed),
      name,
      'test',
    );
    return failed.length === 0 && test.status !== 0 ? [{ rule: 'test', where: name, what: firstLine(test.text) }] : failed;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What we read of what Terraform prints as JSON: the whole answer of `validate`, or one line of `test`. */
interface Printed {
  readonly diagnostics?: readonly Diagnostic[];
  readonly diagnostic?: Diagnostic;
}

interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly snippet?: { readonly context?: string | null } | null;
}

function errors(printed: readonly Printed[], stack: string, rule: string): Finding[] {
  return printed
    .flatMap(({ diagnostics = [], diagnostic }) => [...diagnostics, ...(diagnostic ? [diagnostic] : [])])
    .filter(({ severity }) => severity === 'error')
    .map(({ summary, detail, address, snippet }) => ({
      rule,
      where: address ?? snippet?.context?.replace(/^resource\./, '') ?? stack,
      what: [summary, detail].filter(Boolean).join(': ').replace(/\s+/g, ' '),
    }));
}

/** @throws Unavailable when a provider could not be fetched */
function refused(stack: string, text: string): Finding[] {
  if (!OUT_OF_REACH.test(text)) return [{ rule: 'init', where: stack, what: firstLine(text) }];
  throw new Unavailable(
    `Terraform cannot fetch the providers of ${stack}. Run npm run validate where their registry is in reach; terraform init says why it is not.`,
  );
}

async function versionOf(): Promise<string> {
  const { status, stdout } = await terraform(CACHE, 'version', '-json').catch(() => ({ status: undefined, stdout: '' }));
  if (status !== 0)
    throw new Unavailable('terraform is not installed, or does not start. Install Terraform 1.7 or newer, then run npm run validate.');
  const version = String((JSON.parse(stdout) as { terraform_version?: string }).terraform_version);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 1 || (major === 1 && minor >= 7)) return version;
  throw new Unavailable(`Terraform ${version} has no mocks. Install 1.7 or newer, then run npm run validate.`);
}

function terraform(cwd: string, ...args: string[]): Promise<{ status: number | null; stdout: string; text: string }> {
  mkdirSync(CACHE, { recursive: true });
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name))),
    HOME: cwd,
    TMPDIR: cwd,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    TF_PLUGIN_CACHE_DIR: CACHE,
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: '1',
  };
  return new Promise((resolve, reject) => {
    const child = spawn('terraform', args, { cwd, env, signal: AbortSignal.timeout(TEN_MINUTES), stdio: ['ignore', 'pipe', 'pipe'] });
    const read = { stdout: '', text: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      read.stdout += text;
      read.text += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      read.text += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...read }));
  });
}

function write(folder: string, json: TerraformJson) {
  writeFileSync(path.join(folder, 'cdk.tf.json'), JSON.stringify(json, null, 2));
}

/** The first error of what Terraform printed, in one line. */
function firstLine(text: string): string {
  const [, error] = /Error: ([\s\S]*?)(?:\n\n\S*Error: |$)/.exec(text) ?? [];
  return (error ?? text).replace(/\s+/g, ' ').trim().slice(0, 300) || 'it said nothing';
}
