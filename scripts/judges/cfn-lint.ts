import path from 'node:path';
import { type Found, scanTemplates } from './cloudformation-scan';
import type { Judge } from './judge';
import { pythonTool, runSealed } from './python';

/** What we read of a finding that cfn-lint prints. */
interface Printed {
  readonly Filename: string;
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] | null };
  readonly Rule: { readonly Id: string };
}

/** cfn-lint on the templates for AWS: errors, warnings, and what it calls information. */
export const cfnLint: Judge = {
  name: 'cfn-lint',
  proves: 'types, properties, values, references and policies are valid for CloudFormation',
  blueprintsOf: ['aws'],
  run: () =>
    scanTemplates({
      key: 'cfn-lint',
      reasons: ({ 'cfn-lint': said }) => said?.config.ignore_checks.map((id) => [id, said.reasons[id]]) ?? [],
      async scan(folder, files) {
        const bin = await pythonTool('requirements.lock.txt');
        const { stdout: version } = await runSealed(path.join(bin, 'cfn-lint'), ['--version']);
        // Two processes, because cfn-lint reads one template after the other.
        const halves = [0, 1].map((half) => files.filter((_, index) => index % 2 === half).map((file) => path.join(folder, file)));
        const found = (await Promise.all(halves.map((half) => lint(path.join(bin, 'cfn-lint'), half)))).flat();
        return { found, looked: () => `every rule but one, by ${version.trim()}` };
      },
    }),
};

async function lint(command: string, files: readonly string[]): Promise<Found[]> {
  // I1022 asks for Fn::Sub where the CDK always writes Fn::Join.
  const args = [
    '-m',
    'cfnlint',
    '--format',
    'json',
    '--include-checks',
    'I',
    '--ignore-checks',
    'I1022',
    '--non-zero-exit-code',
    'none',
    '--',
    ...files,
  ];
  const { status, stdout, stderr } = await runSealed(command, args);
  if (status !== 0) throw new Error(`cfn-lint ended with ${status}: ${stderr.trim().split('\n').at(-1)}`);
  return (JSON.parse(stdout) as Printed[]).map(({ Filename, Message, Location, Rule }) => {
    const [section, name] = Location.Path ?? [];
    return { file: path.basename(Filename), rule: Rule.Id, where: String(name ?? section ?? 'template'), what: Message };
  });
}
