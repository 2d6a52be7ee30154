import { exitWith } from '../bin/one-line';
import { runDeployment } from './judges/deployment/run';

// Deploys the AWS pipeline to a server on this machine that plays an account, uses it, and takes it down.

async function main(): Promise<number> {
  const { looked, findings } = await runDeployment(console.log);
  for (const { rule, what } of findings) console.error(`${rule}: ${what}`);
  if (findings.length === 0) console.log(`Deployed and taken down: ${looked}.`);
  return findings.length === 0 ? 0 : 1;
}

void exitWith(main);
