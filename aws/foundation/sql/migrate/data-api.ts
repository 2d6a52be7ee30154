import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type { Database, Run } from './runner';

/** A database, and the secret of the user. */
export interface Target {
  readonly resourceArn: string;
  readonly secretArn: string;
  readonly database: string;
}

/**
 * A database behind the RDS Data API.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
 */
export function dataApi(client: RDSDataClient, { resourceArn, secretArn, database }: Target): Database {
  return {
    async transaction(work) {
      const { transactionId } = await client.send(new BeginTransactionCommand({ resourceArn, secretArn, database }));
      const run: Run = async (sql, parameters = {}) => {
        const named = Object.entries(parameters).map(([name, stringValue]) => ({ name, value: { stringValue } }));
        const { formattedRecords } = await client.send(
          new ExecuteStatementCommand({ resourceArn, secretArn, database, transactionId, sql, parameters: named, formatRecordsAs: 'JSON' }),
        );
        return JSON.parse(formattedRecords ?? '[]');
      };
      try {
        await work(run);
      } catch (error) {
        // If the rollback fails, the Data API rolls back after a timeout, so the first error is the one to report.
        await client.send(new RollbackTransactionCommand({ resourceArn, secretArn, transactionId })).catch(() => {});
        throw error;
      }
      await client.send(new CommitTransactionCommand({ resourceArn, secretArn, transactionId }));
    },
  };
}
