import { createHash } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { ContainerClient } from '@azure/storage-blob';
import { typedIn } from '../typed-in';
import { awsDeadLetter, awsPlaces } from './aws';
import { azureDeadLetter, azurePlaces, type Credential, signedIn } from './azure';
import { gcpDeadLetter, gcpPlaces } from './gcp';
import { Journal } from './journal';
import type { DeadLetter, Places } from './letter';
import { outputsIn, outputsOfStack, outputsOfTerraform } from './outputs';
import { type Outcome, replay, type Wish } from './run';

const HELP = `Sends the events of the dead letter to their buffer again. If a dead letter has only the position of records, they are read from the
stream. Each dead letter is deleted after the buffer has accepted its event. Without --yes it only shows what would be sent.

Usage: npm run replay -- CLOUD [options]

  CLOUD              aws, azure or gcp
  --yes              send and delete
  --reason TEXT      only dead letters whose reason contains TEXT, in upper or lower case
  --since TIME       only dead letters written at TIME or later, such as 2026-01-31 or 2026-01-31T08:30:00Z
  --until TIME       only dead letters written before TIME
  --limit N          at most N dead letters
  --stack NAME       the stack whose outputs contain the dead letter, by default CLOUD-pipeline. They are read from CloudFormation on AWS,
                     and with terraform in cdktf.out/stacks/NAME on Azure and GCP
  --outputs FILE     the outputs of the stack as JSON, from cdk deploy --outputs-file, describe-stacks or terraform output -json
  --dead-letter X    where the dead letter is, instead of outputs: the URL of a queue or s3://BUCKET/PREFIX, the URL of a container, or
                     projects/P/subscriptions/S. May be repeated
  --to X             where to send, instead of where the events came from: the ARN of a stream or queue, https://NAMESPACE/HUB/messages or
                     the URL of a queue as events_url has it (Azure), or projects/P/topics/T
  --state FOLDER     where it records what was sent and is not deleted yet, by default .replay. A stopped run continues from there
  --help             print this text

It uses the credentials of the AWS command line, of az, or the application default credentials of gcloud. They need permissions to read
and delete dead letters, and to send. AWS_ENDPOINT_URL_* and PUBSUB_EMULATOR_HOST have an effect.

An event that is replayed gets a new position in the buffer. If it was already stored, which can happen after a crash, it is stored a
second time: count by source and id.

Exit codes: 0 every selected dead letter was sent and deleted, or would be; 1 some could not be sent or deleted; 2 invalid command line.`;

const ROOT = path.join(__dirname, '../..');
const CLOUDS = ['aws', 'azure', 'gcp'] as const;
type Cloud = (typeof CLOUDS)[number];

interface Command extends Wish {
  readonly cloud: Cloud;
  readonly stack: string;
  readonly outputs?: string;
  readonly deadLetters: readonly string[];
  readonly to?: string;
  readonly state: string;
}

/** What a command needs to run. */
export interface Means {
  print(text: string): void;
  /** The container of a dead letter, and the credential to open it. */
  readonly azure?: { container(url: string): ContainerClient; readonly credential: Credential };
}

/**
 * Run a command.
 * @returns its exit code
 * @throws Error of one line if the command line is invalid or a dead letter is not found
 */
export async function replayCommand(words: readonly string[], { print, azure }: Means): Promise<number> {
  const command = readCommand(words);
  if (command === 'help') {
    print(HELP);
    return 0;
  }
  const places = await placesOf(command);
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGINT', stop);
  let code = 0;
  for (const place of places.deadLetters) {
    if (stopped.signal.aborted) break;
    const deadLetter = open(command.cloud, place, places, azure);
    const name = createHash('sha256').update(deadLetter.name).digest('hex').slice(0, 16);
    const journal = new Journal(path.join(command.state, `${command.cloud}-${name}.txt`));
    const outcome = await replay(deadLetter, command, journal, { stopped: stopped.signal, progress });
    print(linesOf(deadLetter.name, outcome, command).join('\n'));
    if (outcome.failures.length > 0) code = 1;
  }
  if (stopped.signal.aborted) print('Stopped. Run the same command to continue.');
  process.off('SIGINT', stop);
  return code;
}

function readCommand(words: readonly string[]): Command | 'help' {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        yes: { type: 'boolean', default: false },
        reason: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        limit: { type: 'string' },
        stack: { type: 'string' },
        outputs: { type: 'string' },
        'dead-letter': { type: 'string', multiple: true },
        to: { type: 'string' },
        state: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [cloud, ...others] = positionals;
    if (!CLOUDS.includes(cloud as Cloud) || others.length > 0)
      throw new Error(`Name one cloud (${CLOUDS.join(', ')}), got ${JSON.stringify(positionals.join(' '))}`);
    return {
      ...values,
      cloud: cloud as Cloud,
      stack: values.stack ?? `${cloud}-pipeline`,
      outputs: values.outputs && path.resolve(typedIn(), values.outputs),
      deadLetters: values['dead-letter'] ?? [],
      since: timeOf('--since', values.since),
      until: timeOf('--until', values.until),
      limit: countOf('--limit', values.limit),
      state: path.resolve(typedIn(), values.state ?? path.join(ROOT, '.replay')),
    };
  } catch (error) {
    // Without Node's hint about files that are named like an option.
    throw new Misunderstood(`${(error as Error).message.replace(/\.( To specify .*)?$/s, '')}. See npm run replay -- --help.`);
  }
}

/** The command line is invalid. */
export class Misunderstood extends Error {}

function timeOf(option: string, text?: string): Date | undefined {
  if (text === undefined) return undefined;
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = new Date(text);
  if (isTime && !Number.isNaN(time.getTime())) return time;
  throw new Error(`${option} must be a time such as 2026-01-31 or 2026-01-31T08:30:00Z, got "${text}"`);
}

function countOf(option: string, text?: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${option} must be a whole number from 1 to 999999999, got "${text}"`);
}

async function placesOf({ cloud, stack, outputs, deadLetters, to }: Command): Promise<Places> {
  const isSaid = deadLetters.length > 0 && (to !== undefined || cloud !== 'gcp');
  const found = isSaid
    ? {}
    : outputs
      ? outputsIn(outputs, stack)
      : cloud === 'aws'
        ? await outputsOfStack(stack)
        : outputsOfTerraform(ROOT, stack);
  const named: Places = { aws: awsPlaces, azure: azurePlaces, gcp: gcpPlaces }[cloud](found);
  const places = { deadLetters: deadLetters.length > 0 ? deadLetters : named.deadLetters, to: to ?? named.to, otherwise: named.otherwise };
  if (places.deadLetters.length === 0) throw new Error(`The outputs of ${stack} contain no dead letter. Set it with --dead-letter.`);
  if (cloud === 'gcp' && places.to === undefined) throw new Error(`The outputs of ${stack} contain no topic. Set it with --to.`);
  return places;
}

function open(cloud: Cloud, place: string, { to, otherwise }: Places, azure?: Means['azure']): DeadLetter {
  switch (cloud) {
    case 'aws':
      return awsDeadLetter(place, to);
    case 'azure': {
      const { credential, container } = azure ?? signedIn();
      return azureDeadLetter(container(place), credential, { to, otherwise });
    }
    case 'gcp':
      return gcpDeadLetter(place, to!);
  }
}

const STEP = 1000;

function progress(sent: number) {
  if (sent % STEP === 0) console.error(`${sent.toLocaleString('en-US')} dead letters sent`);
}

function linesOf(name: string, { reasons, to, oldest, newest, sent, known, others, failures, deleted }: Outcome, { yes }: Wish): string[] {
  const count = (number: number) => `${number.toLocaleString('en-US')} ${number === 1 ? 'dead letter' : 'dead letters'}`;
  return [
    `${name}: ${count(sent)} ${yes ? 'sent' : 'would be sent'}${sent > 0 ? ` to ${[...to].join(' and ')}` : ''}`,
    ...[...reasons].sort(([, a], [, b]) => b - a).map(([reason, number]) => `${String(number).padStart(8)}  ${reason}`),
    ...(oldest && newest ? [`  written from ${oldest.toISOString()} to ${newest.toISOString()}`] : []),
    ...(known > 0 ? [`  ${count(known)} sent by an earlier run, ${yes ? 'deleted now' : 'not deleted yet'}`] : []),
    ...(others > 0 ? [`  ${count(others)} not selected`] : []),
    ...failures.slice(0, 5).map((failure) => `  FAILED  ${failure}`),
    ...(failures.length > 5 ? [`  FAILED  and ${count(failures.length - 5)} more`] : []),
    yes ? `  ${count(deleted)} deleted` : '  Nothing was sent or deleted. Add --yes to do it.',
  ];
}
