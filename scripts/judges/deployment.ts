import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NOT_EVALUATED } from './deployment/grants';
import { runDeployment } from './deployment/run';
import type { Judge } from './judge';

const [, version] = readFileSync(path.join(__dirname, 'requirements-deploy.txt'), 'utf8').match(/^ministack==(.+)$/m)!;

/** Deploys every blueprint of AWS to a server on this machine that plays an account. */
export const deployment: Judge = {
  name: `cdk deploy, to ministack ${version}`,
  proves: 'each stack deploys, works with its permissions, fails without any one of them, and is deleted as docs/deploy.md describes',
  blueprintsOf: ['aws'],
  run: () => runDeployment((line) => process.stderr.write(`  ${line}\n`)),
};

/** What a deployment to ministack does not check. */
export const UNPROVEN: readonly string[] = [
  'Blueprints with a resource type that ministack does not have: the table above names them. Blueprints without a stream: they are created, ' +
    'deployed again without a change, and destroyed, but their records and permissions are not tested.',
  'That AWS accepts every property: ministack accepts values that AWS refuses. The validators check these.',
  'The path of a request through API Gateway: signature, validation, mapping template, throttling, access log. ministack does not ' +
    'pass requests on to Kinesis, so records are put into the stream with the permissions of the API role.',
  'Failures: partial batch failures, splitting, retries, the maximum record age, and what Lambda itself sends to the dead letter. ' +
    'ministack stores these settings but ignores them: it drops batches that must be retried.',
  'The permissions with which Lambda reads the stream and writes to the dead letter: ministack does not check them. The official ' +
    'client uses the read permissions instead.',
  'Who may assume a role: ministack allows the account to assume every role.',
  ...Object.entries(NOT_EVALUATED).map(([action, why]) => `The permission ${action}: ${why}.`),
  'Encryption of the stream, the access log of the bucket, lifecycle rules, the endpoint of the API: ministack ignores these settings. ' +
    'It ignores the tags of buckets too; the test adds them, because the function that empties buckets looks for them.',
  'That a bucket is empty before it is deleted: ministack deletes buckets with objects.',
  'The function on Node.js 24 for arm64, with its memory and timeout: it runs on the Node.js version of this machine.',
  'That alarms are raised, that quotas are sufficient, and that the deploying user has enough permissions: here it is the root user of the account.',
];
