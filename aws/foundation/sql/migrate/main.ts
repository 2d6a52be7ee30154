import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { setting } from '../../../../shared/runtime/setting';
import { dataApi } from './data-api';
import { migrate, type User } from './runner';

/** How often to try to reach the database, and how long to wait between tries. */
const TRIES = 12;
const WAIT_MS = 10_000;

const rdsData = new RDSDataClient();
const secretsManager = new SecretsManagerClient();

const database = dataApi(rdsData, {
  resourceArn: setting('CLUSTER_ARN'),
  secretArn: setting('MASTER_SECRET_ARN'),
  database: setting('DATABASE'),
});

/** Called during a deploy. If it throws, the deploy fails. */
export async function handler(): Promise<void> {
  const migrations = readdirSync(__dirname)
    .filter((file) => file.endsWith('.sql'))
    .map((version) => ({ version, sql: readFileSync(path.join(__dirname, version), 'utf8') }));
  await available();
  const users = [await user(setting('WRITER_SECRET_ARN')), await user(setting('READER_SECRET_ARN'))];
  const ran = await migrate(database, migrations, users);
  console.info({ message: 'The database is up to date.', ran });
}

/** A paused database takes time to resume, and a new permission takes time to have an effect. */
async function available(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.transaction(async (run) => void (await run('SELECT 1 AS one')));
    } catch (error) {
      if (attempt === TRIES) throw error;
      console.info({ message: 'The database is not available yet.', attempt, error });
      await setTimeout(WAIT_MS);
    }
  }
}

async function user(secretArn: string): Promise<User> {
  const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId: secretArn }));
  return JSON.parse(SecretString ?? '{}');
}
