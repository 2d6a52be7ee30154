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

const HELP = `Takes what is in the dead letter back through the door of the buffer: the events themselves, or the records that a position stands
for. Each letter is deleted only when the buffer has it. Without --yes nothing is sent and nothing deleted: it says what would be.

Usage: npm run replay -- CLOUD [options]

  CLOUD              aws, azure or gcp
  --yes              do it
  --reason TEXT      only letters whose reason has TEXT in it, in whatever case
  --since TIME       only letters that were given up at TIME or later, such as 2026-01-31 or 2026-01-31T08:30:00Z
  --until TIME       only letters that were given up before TIME
  --limit N          no more than N letters
  --stack NAME       the stack whose outputs say where the dead letter is, by default CLOUD-pipeline: on AWS CloudFormation is asked, on
                     Azure and GCP terraform, in cdktf.out/stacks/NAME
  --outputs FILE     the outputs of the stack as JSON, from cdk deploy --outputs-file, describe-stacks or terraform output -json
  --dead-letter X    where the dead letter is, instead of outputs: the URL of a queue or s3://BUCKET/PREFIX, the URL of a container, or
                     projects/P/subscriptions/S. Several times for several
  --to X             where letters go, instead of where they came from: the ARN of a stream or queue, https://NAMESPACE/HUB/messages, or
                     projects/P/topics/T
  --state FOLDER     where it remembers what was sent and not deleted yet, by default .replay. Ended in the middle, it goes on from there
  --help             print this text

It acts as whoever is signed in: the credentials of the AWS command line, of az, or of gcloud's application default. These must be allowed
to read and delete dead letters and to send. Clients obey AWS_ENDPOINT_URL_* and PUBSUB_EMULATOR_HOST.

An event that is replayed stands at a new place in the buffer. One that was stored as well, which a crash can do, is then stored again:
readers that count go by source and id.

Exit codes: 0 every letter that is meant was sent and deleted, or would be; 1 some stay where they are; 2 the command is not understood.`;

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

/** What a command is run with. */
export interface Means {
  print(text: string): void;
  /** The container of a dead letter, and whoever opens it. */
  readonly azure?: { container(url: string): ContainerClient; readonly credential: Credential };
}

/**
 * Run a command.
 * @returns its exit code
 * @throws Error in one line, on a command that is not understood and on a dead letter that is not found
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
    const deadLetter = open(command.cloud, place, places.to, azure);
    const name = createHash('sha256').update(deadLetter.name).digest('hex').slice(0, 16);
    const journal = new Journal(path.join(command.state, `${command.cloud}-${name}.txt`));
    const outcome = await replay(deadLetter, command, journal, { stopped: stopped.signal, progress });
    print(linesOf(deadLetter.name, outcome, command).join('\n'));
    if (outcome.failures.length > 0) code = 1;
  }
  if (stopped.signal.aborted) print('Stopped. The same command goes on from here.');
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
      throw new Error(`One cloud must be named (${CLOUDS.join(', ')}), got ${JSON.stringify(positionals.join(' '))}`);
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
    // Node goes on with how to call a file that is named like an option.
    throw new Misunderstood(`${(error as Error).message.replace(/\.( To specify .*)?$/s, '')}. See npm run replay -- --help.`);
  }
}

/** The command line is wrong. */
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
  const places = { deadLetters: deadLetters.length > 0 ? deadLetters : named.deadLetters, to: to ?? named.to };
  if (places.deadLetters.length === 0) throw new Error(`The outputs of ${stack} name no dead letter. Say where it is with --dead-letter.`);
  if (cloud === 'gcp' && places.to === undefined) throw new Error(`The outputs of ${stack} name no topic. Say which with --to.`);
  return places;
}

function open(cloud: Cloud, place: string, to?: string, azure?: Means['azure']): DeadLetter {
  switch (cloud) {
    case 'aws':
      return awsDeadLetter(place, to);
    case 'azure': {
      const { credential, container } = azure ?? signedIn();
      return azureDeadLetter(container(place), credential, to);
    }
    case 'gcp':
      return gcpDeadLetter(place, to!);
  }
}

const STEP = 1000;

function progress(sent: number) {
  if (sent % STEP === 0) console.error(`${sent.toLocaleString('en-US')} letters sent`);
}

function linesOf(name: string, { reasons, to, oldest, newest, sent, known, others, failures, deleted }: Outcome, { yes }: Wish): string[] {
  const count = (number: number) => `${number.toLocaleString('en-US')} ${number === 1 ? 'letter' : 'letters'}`;
  return [
    `${name}: ${count(sent)} ${yes ? 'sent' : 'would be sent'}${sent > 0 ? ` to ${[...to].join(' and ')}` : ''}`,
    ...[...reasons].sort(([, a], [, b]) => b - a).map(([reason, number]) => `${String(number).padStart(8)}  ${reason}`),
    ...(oldest && newest ? [`  given up from ${oldest.toISOString()} to ${newest.toISOString()}`] : []),
    ...(known > 0 ? [`  ${count(known)} sent by an earlier run, and ${yes ? 'deleted now' : 'not deleted yet'}`] : []),
    ...(others > 0 ? [`  ${count(others)} not meant, and left where they are`] : []),
    ...failures.slice(0, 5).map((failure) => `  STAYS  ${failure}`),
    ...(failures.length > 5 ? [`  STAYS  and ${count(failures.length - 5)} more`] : []),
    yes ? `  ${count(deleted)} deleted` : '  Nothing was sent or deleted. Add --yes to do it.',
  ];
}
