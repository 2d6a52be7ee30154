import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NOT_EVALUATED } from './deployment/grants';
import { runDeployment } from './deployment/run';
import type { Judge } from './judge';

const [, version] = readFileSync(path.join(__dirname, 'requirements-deploy.txt'), 'utf8').match(/^ministack==(.+)$/m)!;

/** Deploys every blueprint of AWS to a server on this machine that plays an account. */
export const deployment: Judge = {
  name: `cdk deploy, to ministack ${version}`,
  proves:
    'each stack deploys, works with the permissions it has, misses each one that is taken away, and is taken down as docs/deploy.md says',
  blueprintsOf: ['aws'],
  run: () => runDeployment((line) => process.stderr.write(`\n  ${line}`)),
};

/** What a deployment to ministack leaves open. */
export const UNPROVEN: readonly string[] = [
  'Blueprints with a type of resource that ministack does not have: the verdict names it. Records and grants of those without a stream: they ' +
    'are created, deployed again without a change, and destroyed.',
  'That AWS takes every property as it stands: ministack takes values that AWS refuses. The validators look at those.',
  'The way of a request through API Gateway: signature, validation, mapping template, throttling, access log. ministack hands no ' +
    'request over to Kinesis, so records are put into the stream with the rights of the role of the API.',
  'Failures: partial failures of a batch, halving, retries, the age of a record, and what Lambda itself sends to the dead letter. ' +
    'ministack keeps these settings and does not follow them: what it is told to bring again, it drops.',
  'The rights with which Lambda itself reads the stream and writes to the dead letter: ministack asks for none. The official ' +
    'client uses the grants to read instead.',
  'Who may assume a role: ministack lets the account assume each one.',
  ...Object.entries(NOT_EVALUATED).map(([action, why]) => `The grant of ${action}: ${why}.`),
  'Encryption of the stream, the access log of the bucket, life cycles, the endpoint of the API: ministack drops these settings. ' +
    'It drops the tags of buckets too; they are put on by hand, since the function that empties buckets looks for them.',
  'That a bucket is empty before it is deleted: ministack deletes full ones.',
  'The function on Node.js 24 for arm64, within its memory and its time: it runs on the Node of this machine.',
  'That alarms ring, that quotas suffice, and that whoever deploys may: here it is the root of the account.',
];
