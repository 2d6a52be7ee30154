import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { serveMetadata, withoutCredentials } from '../../../gcp/identity/metadata';
import { temporaryFolder } from '../../folder';

/** What the client of Google does who was told nothing. */
const ASK = `
const { GoogleAuth } = require(${JSON.stringify(require.resolve('google-auth-library'))});
const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
Promise.all([auth.getAccessToken(), auth.getProjectId()]).then((found) => console.log(JSON.stringify(found)), console.error);
`;

test('a client of Google finds the stand-in and its worthless token, and asks nobody else', async () => {
  const [home, bin] = [temporaryFolder(), temporaryFolder()];
  const called = path.join(bin, 'called');
  writeFileSync(path.join(bin, 'gcloud'), `#!/bin/sh\n: > '${called}'\n`);
  chmodSync(path.join(bin, 'gcloud'), 0o755);
  // Where a person's own credentials lie.
  mkdirSync(path.join(bin, '.config/gcloud'), { recursive: true });
  writeFileSync(path.join(bin, '.config/gcloud/application_default_credentials.json'), '{"type":"authorized_user"}');
  const metadata = await serveMetadata('local-project');
  const person = { PATH: bin, HOME: bin };
  const child = spawn(process.execPath, ['--require', path.join(__dirname, '../../../guard.cjs'), '-e', ASK], {
    env: { ...person, ...withoutCredentials(metadata, home) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  await metadata.close();
  expect(output).toBe('["worthless","local-project"]\n');
  expect(metadata.asked).toContain('/computeMetadata/v1/instance/service-accounts/default/token');
  expect(existsSync(called)).toBe(false);
});
