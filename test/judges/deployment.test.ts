import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { assemble } from '../../scripts/judges/deployment/assembly';
import { environment, serverEnvironment } from '../../scripts/judges/deployment/environment';
import { grantsOf, NOT_EVALUATED, notEvaluated, without } from '../../scripts/judges/deployment/grants';
import { TRIES } from '../../scripts/judges/deployment/tries';

const ROOT = path.join(__dirname, '../..');

describe('a deployment to a server on this machine', () => {
  test.each([
    'https://cloudformation.us-east-1.amazonaws.com',
    'https://127.0.0.1.example.com:443',
    'https://10.0.0.7:4566',
    'http://127.0.0.1:4566',
  ])('never goes to %s', (endpoint) => {
    expect(() => environment(endpoint, '/tmp/deployment')).toThrow(
      `The endpoint must be on https://127.0.0.1, got ${endpoint}. This never deploys to anywhere else.`,
    );
  });

  test('takes nothing along of the environment of whoever starts it', () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SESSION_TOKEN: 'a token',
      AWS_PROFILE: 'production',
      HTTPS_PROXY: 'http://proxy',
      HOME: '/home/me',
    };
    const replaced = jest.replaceProperty(process, 'env', { ...process.env, ...own });
    const env = { ...environment('https://127.0.0.1:4566', '/tmp/deployment'), ...serverEnvironment(4566, '/tmp/deployment') };
    replaced.restore();
    expect(Object.values(env)).not.toEqual(expect.arrayContaining([expect.stringMatching(/AKIA|a token|production|proxy|home\/me/)]));
    expect(env).toMatchObject({ AWS_ACCESS_KEY_ID: 'test', AWS_ENDPOINT_URL: 'https://127.0.0.1:4566', HOME: '/tmp/deployment' });
  });

  test('says in one line that there is no Python, and does not pass', () => {
    const args = ['--import', 'tsx', 'scripts/deploy.ts'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env: { PATH: '/nonexistent' }, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^python3 is not installed.*\n$/) });
  });

  describe('of the pipeline', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assembly-'));
    const { template } = assemble(folder, 'by-another-name');
    rmSync(folder, { recursive: true });

    test('knows of each grant how to use it, or why that proves nothing', () => {
      const known = [...Object.keys(TRIES), ...Object.keys(NOT_EVALUATED)];
      const found = grantsOf(template).map((grant) => notEvaluated(template, grant) ?? grant.action);
      expect([...new Set(found)].toSorted()).toEqual(known.toSorted());
    });

    test.each(Object.keys(TRIES))('can lack %s and nothing else', (action) => {
      const grants = grantsOf(template);
      const grant = grants.find((granted) => granted.action === action && notEvaluated(template, granted) === undefined)!;
      const left = grantsOf(without(template, grant)).filter((granted) => granted.action !== 'sts:GetCallerIdentity');
      expect(left).toEqual(grants.filter((granted) => granted !== grant));
    });
  });
});
