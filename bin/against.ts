import { readFileSync } from 'node:fs';
import path from 'node:path';
import { cloudFormationChanges } from '../shared/read/cfn-changes';
import { type Change, type Counts, countsOf } from '../shared/read/changes';
import { type CfnTemplate, readCloudFormation } from '../shared/read/cloudformation';
import { type Difference, differences } from '../shared/read/differences';
import { factsOf } from '../shared/read/facts/find';
import type { Picture } from '../shared/read/picture';
import { accessChanges, flowChanges } from '../shared/read/picture-changes';
import { readTerraform, type TerraformJson } from '../shared/read/terraform';
import { terraformChanges } from '../shared/read/tf-changes';
import { type Cloud, findBlueprints, readRequest } from '../shared/synth/blueprints';
import { partsOfStack, partsOfTerraform } from './compare';
import { environments } from './environment';
import type { Shown } from './page';
import { run, withRef } from './ref';

/** What a deploy of the working tree would do to a stack that was deployed from another commit. */
export interface StackChanges {
  readonly stack: string;
  readonly cloud: Cloud;
  /** What it is compared with, as it was named, and which commit that is. */
  readonly against: string;
  readonly commit: string;
  /** What a reader must know of the comparison, in one sentence each. */
  readonly notes: readonly string[];
  /** Whether there was no such stack. Then nothing is compared. */
  readonly isNew: boolean;
  readonly counts: Counts;
  /** What weighs most comes first. */
  readonly changes: readonly Change[];
  /** Lines of a diff. */
  readonly flow: readonly string[];
  readonly access: readonly string[];
  readonly settings: readonly Difference[];
}

/** What is compared of a picture. Commits before it had a graph can be compared too. */
type Told = Omit<Picture, 'graph'>;

/** A stack as a commit synthesized it. */
interface Synthesized {
  readonly stack: string;
  readonly cloud: Cloud;
  readonly json: CfnTemplate & TerraformJson;
  /** What its own commit reads in it. */
  readonly picture: Told;
}

/** What was synthesized at another commit, and what to know of it. */
interface Other {
  readonly stacks: readonly Synthesized[];
  readonly commit: string;
  readonly notes: readonly string[];
}

/**
 * What a deploy of what was just synthesized would do, had the stacks been deployed from another commit. Nobody asks a cloud.
 * @param shown the stacks of the working tree
 * @throws Error where there is no such commit, or it does not synthesize
 */
export function changesAgainst(ref: string, env: NodeJS.ProcessEnv, clouds: readonly Cloud[], shown: readonly Shown[]): StackChanges[] {
  const other = withRef(ref, ({ folder, commit, notes }): Other => ({ commit, notes, stacks: synthesizedIn(folder, ref, env, clouds) }));
  return shown.map((one) => {
    const mine = readStack(one, path.join(__dirname, '..'));
    return changesOf(
      mine,
      other.stacks.find(({ stack }) => stack === mine.stack),
      ref,
      other,
    );
  });
}

function changesOf(mine: Synthesized, theirs: Synthesized | undefined, against: string, { commit, notes }: Other): StackChanges {
  const { stack, cloud, json } = mine;
  const head = { stack, cloud, against, commit, notes, isNew: theirs === undefined };
  if (!theirs) return { ...head, counts: countsOf([]), changes: [], flow: [], access: [], settings: [] };
  const [find, parts] =
    cloud === 'aws' ? ([cloudFormationChanges, partsOfStack] as const) : ([terraformChanges, partsOfTerraform] as const);
  const changes = find(theirs.json, json, factsOf(cloud));
  const before = pictureOf(theirs);
  return {
    ...head,
    counts: countsOf(changes),
    changes,
    flow: flowChanges(before.flow, mine.picture.flow),
    access: accessChanges(before.access, mine.picture.access),
    settings: differences(parts(theirs.json as never), parts(json as never)).filter(({ what }) => what !== 'added' && what !== 'removed'),
  };
}

/** Both are read by the reader of the working tree, so that a change of the reader is none of the stack. */
function pictureOf({ cloud, json, picture }: Synthesized): Told {
  try {
    return cloud === 'aws' ? readCloudFormation(json) : readTerraform(json);
  } catch {
    // It has a type of which nothing is known any more.
    return picture;
  }
}

function synthesizedIn(folder: string, ref: string, env: NodeJS.ProcessEnv, clouds: readonly Cloud[]): Synthesized[] {
  const { blueprint, environment } = readRequest(env);
  const known = findBlueprints(clouds, folder).filter(({ name }) => name === blueprint);
  const isThere = environment === undefined || environments(folder).includes(environment);
  if (known.length === 0 || !isThere) return [];
  const { scripts } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { scripts: { start: string } };
  const args = [...scripts.start.split(' ').slice(1), ...known.map(({ cloud }) => cloud), '--json'];
  const { status, stdout, stderr } = run(process.execPath, args, folder, withoutUndefined({ ...env, BLUEPRINT: blueprint }));
  if (status !== 0) throw new Error(`${ref} does not synthesize: ${stderr.trim().split('\n').at(-1)}`);
  return (JSON.parse(stdout) as Shown[]).map((one) => readStack(one, folder));
}

function readStack({ stack, template, resources, flow, access }: Shown, folder: string): Synthesized {
  const cloud = stack.split('-')[0] as Cloud;
  return { stack, cloud, json: JSON.parse(readFileSync(path.join(folder, template), 'utf8')), picture: { resources, flow, access } };
}

function withoutUndefined(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
