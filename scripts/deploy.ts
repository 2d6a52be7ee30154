import { exitWith } from '../bin/one-line';
import { runDeployment } from './judges/deployment/run';

// Deploys every blueprint of AWS to a server on this machine that plays an account, uses it, and takes it down.

async function main(): Promise<number> {
  const verdicts = await runDeployment(console.log);
  for (const { subject, looked, findings } of verdicts) {
    for (const { rule, what } of findings) console.error(`${subject}: ${rule}: ${what}`);
    if (findings.length === 0) console.log(`${subject}: ${looked}.`);
  }
  return verdicts.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

void exitWith(main);
