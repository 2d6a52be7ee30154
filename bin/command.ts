import { parseArgs } from 'node:util';
import type { Rate } from '../shared/read/cost';
import { CLOUDS, type Cloud, findBlueprints } from '../shared/synth/blueprints';
import { readRate } from './cost';

/** What the command line of `npm start` says. */
export interface Command {
  readonly clouds: readonly Cloud[];
  /** The name of a blueprint. */
  readonly name?: string;
  readonly environment?: string;
  /** The commit, branch or tag to compare with. */
  readonly against?: string;
  readonly markdown: boolean;
  /** What to show the cost of, instead of what is created. */
  readonly rate?: Rate;
  /** The file to draw it into. */
  readonly picture?: string;
  readonly list: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Read the command line. Without a command in it, one line is printed, the exit code is 2, and nothing is returned. */
export function readCommand(args: readonly string[]): Command | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        context: { type: 'string', short: 'c', multiple: true, default: [] },
        environment: { type: 'string' },
        against: { type: 'string' },
        markdown: { type: 'boolean', default: false },
        cost: { type: 'boolean', default: false },
        events: { type: 'string' },
        size: { type: 'string' },
        picture: { type: 'string' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { cost, events, size, against, markdown } = values;
    for (const exclusive of [['against', 'cost', 'picture', 'list'] as const, ['markdown', 'json'] as const]) {
      const [one, another] = exclusive.filter((option) => values[option] !== undefined && values[option] !== false);
      if (another) throw new Error(`--${one} and --${another} exclude each other`);
    }
    if (markdown && against === undefined) throw new Error('--markdown is an option of --against, which is not there');
    const stray = cost ? undefined : Object.entries({ events, size }).find(([, value]) => value !== undefined)?.[0];
    if (stray) throw new Error(`--${stray} is an option of --cost, which is not there`);
    const isCloud = (word: string): word is Cloud => CLOUDS.includes(word as Cloud);
    const names = [...positionals.filter((word) => !isCloud(word)), ...values.context.map(blueprintIn)];
    const known = findBlueprints().map(({ name }) => name);
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new Error(`${JSON.stringify(unknown)} is no cloud, which are ${CLOUDS.join(', ')}, and no blueprint, which --list shows`);
    }
    if (names.length > 1) throw new Error(`one blueprint is built at a time, got ${names.join(' and ')}`);
    const clouds = CLOUDS.filter((cloud) => positionals.includes(cloud));
    return { ...values, clouds: clouds.length > 0 ? clouds : CLOUDS, name: names[0], rate: cost ? readRate(events, size) : undefined };
  } catch (error) {
    // Node goes on with how to call a file that is named like an option.
    const sentence = (error as Error).message.replace(/\.( To specify .*)?$/s, '');
    console.error(`${sentence}. See npm start -- --help.`);
    process.exitCode = 2;
    return undefined;
  }
}

/** `blueprint=lake`, as `cdk synth -c` takes it. */
function blueprintIn(context: string): string {
  const [key, name] = context.split('=');
  if (key !== 'blueprint' || !name) throw new Error(`-c takes blueprint=NAME, got ${JSON.stringify(context)}`);
  return name;
}
