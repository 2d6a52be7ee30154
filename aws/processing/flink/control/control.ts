import {
  DescribeApplicationCommand,
  type KinesisAnalyticsV2Client,
  ResourceNotFoundException,
  StartApplicationCommand,
  StopApplicationCommand,
} from '@aws-sdk/client-kinesis-analytics-v2';

/** How often a denied call is made: a new permission takes time to have an effect. */
const DENIED_TRIES = 6;

/** How often to look at an application, and when to give up. */
export interface Patience {
  isOver(): boolean;
  /** The time between two looks. */
  wait(): Promise<void>;
}

/** What an application starts from. */
export interface Restore {
  /** The name of a snapshot, or `latest`. */
  readonly snapshot: string;
  /** Whether state that the application no longer has is dropped. */
  readonly dropsState: boolean;
}

/**
 * Start an application that does not run, and wait until it runs. Without a snapshot it starts without state.
 * @throws Error if it stops again, or does not run in time
 * @see https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_StartApplication.html
 */
export async function start(client: KinesisAnalyticsV2Client, application: string, patience: Patience, { snapshot, dropsState }: Restore) {
  let isStarted = false;
  await until(client, application, patience, 'run', async (status) => {
    if (status === 'RUNNING') return true;
    if (status !== 'READY') return false;
    if (isStarted) throw new Error('It stopped while it started. Its log group has the reason.');
    const restore =
      snapshot === 'latest'
        ? { ApplicationRestoreType: 'RESTORE_FROM_LATEST_SNAPSHOT' as const }
        : { ApplicationRestoreType: 'RESTORE_FROM_CUSTOM_SNAPSHOT' as const, SnapshotName: snapshot };
    await client.send(
      new StartApplicationCommand({
        ApplicationName: application,
        RunConfiguration: { ApplicationRestoreConfiguration: restore, FlinkRunConfiguration: { AllowNonRestoredState: dropsState } },
      }),
    );
    isStarted = true;
    return false;
  });
}

/**
 * Stop an application with a snapshot, and wait until it is stopped. One that is deleted or stopped already is left as it is.
 * @throws Error if it is not stopped in time
 * @see https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_StopApplication.html
 */
export async function stop(client: KinesisAnalyticsV2Client, application: string, patience: Patience) {
  await until(client, application, patience, 'stop', async (status) => {
    if (status === 'READY' || status === undefined) return true;
    if (status === 'RUNNING') await client.send(new StopApplicationCommand({ ApplicationName: application }));
    return false;
  });
}

/** Ask for the status of an application again and again, until `isDone` says so. `undefined` is no application. */
async function until(
  client: KinesisAnalyticsV2Client,
  application: string,
  patience: Patience,
  goal: 'run' | 'stop',
  isDone: (status: string | undefined) => Promise<boolean>,
) {
  let status: string | undefined;
  for (let denied = 0; ; ) {
    try {
      status = await statusOf(client, application, goal);
      console.info({ message: 'The application has a status.', application, status });
      if (await isDone(status)) return;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AccessDeniedException' || ++denied === DENIED_TRIES) throw error;
      console.info({ message: 'It is tried again.', denied, error });
    }
    if (patience.isOver()) throw new Error(`Application ${application} did not ${goal} in time. Its status is ${status}.`);
    await patience.wait();
  }
}

async function statusOf(client: KinesisAnalyticsV2Client, application: string, goal: 'run' | 'stop'): Promise<string | undefined> {
  try {
    const { ApplicationDetail } = await client.send(new DescribeApplicationCommand({ ApplicationName: application }));
    return ApplicationDetail?.ApplicationStatus;
  } catch (error) {
    if (goal === 'stop' && error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}
