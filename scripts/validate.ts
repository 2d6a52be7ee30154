/** Asks Terraform itself. It needs Terraform 1.7 or newer and the registry of its providers, and no account. */
import { parseArgs } from 'node:util';
import { exitWith } from '../bin/one-line';
import { Unavailable } from './judges/judge';
import { terraformValidate } from './judges/terraform-validate';

const HELP = `Validates every stack for Azure and GCP with Terraform and the real providers, and applies it where mocks stand for the clouds.

Usage: npm run validate [-- --help]

It needs Terraform 1.7 or newer on the path, and the registry of the providers. It needs no account, and passes on no credentials.

Exit codes: 0 every stack is valid, 1 one is not, or Terraform or a provider cannot be had, 2 the command is not understood.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const verdicts = await terraformValidate.run().catch((error: Error) => {
    if (error instanceof Unavailable) error.message = `Not validated, which is no pass: ${error.message}`;
    throw error;
  });
  for (const { subject, looked, findings } of verdicts) {
    if (findings.length === 0) console.log(`${subject}: ${looked}`);
    for (const { rule, where, what } of findings) console.error(`${subject}: ${where}: ${rule}: ${what}`);
  }
  return verdicts.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

void exitWith(main);
