import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mockTest, testable } from '../../scripts/judges/terraform/mock-test';
import { type TerraformStack, terraformStacks } from '../../scripts/judges/terraform/stack';
import { terraformValidate, validate } from '../../scripts/judges/terraform-validate';
import { temporaryFolder } from '../support/folder';
import { broken } from './broken';

const stacks = terraformStacks();
const [azure, gcp] = ['azure-pipeline', 'gcp-pipeline'].map((name) => stacks.find((stack) => stack.name === name)) as [
  TerraformStack,
  TerraformStack,
];
const before = { ...process.env };

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.env = { ...before };
});

/** Put a stand-in for Terraform on the path: what it does for each of its commands, in a shell. */
function standIn(commands: Readonly<Record<string, string>>) {
  const bin = temporaryFolder();
  const cases = Object.entries(commands).map(([command, script]) => `${command}) ${script} ;;`);
  writeFileSync(path.join(bin, 'terraform'), `#!/bin/sh\ncase "$1" in\n${cases.join('\n')}\n*) exit 9 ;;\nesac\n`);
  chmodSync(path.join(bin, 'terraform'), 0o755);
  process.env.PATH = `${bin}:/usr/bin:/bin`;
}

const say = (json: object) => `printf '%s\\n' '${JSON.stringify(json)}'`;
const fine = { version: say({ terraform_version: '1.11.4' }), init: ':', validate: say({ diagnostics: [] }), test: ':' };

test('where there is no Terraform, it says so and does not pass', async () => {
  process.env.PATH = temporaryFolder();
  await expect(terraformValidate.run()).rejects.toThrow(/^terraform is not installed/);
});

test('a Terraform without mocks is none', async () => {
  standIn({ ...fine, version: say({ terraform_version: '1.6.6' }) });
  await expect(terraformValidate.run()).rejects.toMatchObject({
    name: 'Unavailable',
    message: expect.stringContaining('1.6.6 has no mocks'),
  });
});

test('where no provider is to be had, it says so in one line and does not pass', async () => {
  standIn({ ...fine, init: 'echo "Error: Failed to query available provider packages" >&2; exit 1' });
  await expect(terraformValidate.run()).rejects.toMatchObject({ name: 'Unavailable', message: expect.not.stringContaining('\n') });
});

test('what Terraform takes has no finding', async () => {
  standIn(fine);
  expect(await terraformValidate.run()).toEqual(
    stacks.map(({ name }) => ({ subject: name, looked: 'validated, and applied on mocks, by Terraform 1.11.4', findings: [] })),
  );
});

test.each([
  [
    'init',
    { init: 'echo "Error: Unsupported block type" >&2; exit 1' },
    { rule: 'init', where: 'gcp-pipeline', what: 'Unsupported block type' },
  ],
  [
    'validate',
    {
      validate: say({
        diagnostics: [{ severity: 'error', summary: 'Missing', detail: 'a\n  b', snippet: { context: 'resource.google_x.Y' } }],
      }),
    },
    { rule: 'validate', where: 'google_x.Y', what: 'Missing: a b' },
  ],
  [
    'test',
    { test: `${say({ diagnostic: { severity: 'error', summary: 'Bad id', address: 'google_x.Y' } })}; exit 1` },
    { rule: 'test', where: 'google_x.Y', what: 'Bad id' },
  ],
  ['test', { test: 'echo died; exit 1' }, { rule: 'test', where: 'gcp-pipeline', what: 'died' }],
])('what terraform %s refuses is a finding', async (_, commands, finding) => {
  standIn({ ...fine, ...commands });
  expect(await validate(gcp)).toEqual([finding]);
});

test('Terraform is given no credentials, and reports nothing to its maker', async () => {
  process.env.ARM_CLIENT_SECRET = 'secret';
  process.env.GOOGLE_APPLICATION_CREDENTIALS = '/home/somebody/key.json';
  standIn({ ...fine, test: 'env | grep -E "ARM_|GOOGLE_|CHECKPOINT_DISABLE|^HOME=" >&2; exit 1' });
  const [finding] = await validate(gcp);
  expect(finding!.what).toMatch(/CHECKPOINT_DISABLE=1/);
  expect(finding!.what).toMatch(/HOME=\S*validate-/);
  expect(finding!.what).not.toMatch(/ARM_|GOOGLE_/);
});

test.each(stacks.map((stack) => [stack.name, stack] as const))(
  'every provider of %s has a mock, and every question an answer',
  (_, { json }) => {
    const test = mockTest(json);
    expect(Object.keys(test.mock_provider)).toEqual(Object.keys(json.provider!));
    expect(Object.keys(test.variables).sort()).toEqual(Object.keys(json.variable!).sort());
    expect(test.run.apply.command).toBe('apply');
  },
);

test('ids have the shape that the provider parses', () => {
  const mocks = mockTest(azure.json).mock_provider.azurerm![0] as any;
  for (const [type, { defaults }] of Object.entries<any>(mocks.mock_resource)) {
    expect([type, defaults.id]).toEqual([
      type,
      expect.stringMatching(/^\/subscriptions\/0{8}(-0{4}){3}-0{12}\/(resourceGroups|providers)\//),
    ]);
  }
  expect(Object.keys(mocks.mock_resource)).toEqual(Object.keys(azure.json.resource!).filter((type) => type.startsWith('azurerm_')));
  const { mock_resource } = mockTest(gcp.json).mock_provider.google![0] as any;
  expect(mockTest(gcp.json).mock_provider['google-beta']).toEqual([expect.objectContaining({ alias: 'service_agents' })]);
  expect(mock_resource.google_service_account.defaults.member).toMatch(/^serviceAccount:\S+@\S+$/);
});

test('a type whose id nobody knows is refused', () => {
  const { json } = broken('azure', (copy) => {
    copy.resource.azurerm_teapot = { Tea: {} };
  });
  expect(() => mockTest(json)).toThrow(/^nothing is known of azurerm_teapot: write it into facts\.ts/);
});

test('a test runs no command, keeps no state and protects nothing, and changes nothing else', () => {
  const of = ({ resource, terraform }: TerraformStack['json']) => JSON.stringify({ resource, terraform });
  for (const word of ['"provisioner"', '"prevent_destroy"', '"backend"']) {
    expect(of(azure.json)).toContain(word);
    expect(of(testable(azure.json))).not.toContain(word);
  }
  const trigger = testable(gcp.json).resource!.google_cloud_run_v2_service_iam_member!;
  expect(Object.values(trigger)[0]!.lifecycle).toEqual(
    Object.values(gcp.json.resource!.google_cloud_run_v2_service_iam_member!)[0]!.lifecycle,
  );
});
