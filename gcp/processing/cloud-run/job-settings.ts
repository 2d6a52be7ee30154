import type { IConstruct } from 'constructs';
import { type HandlerCode, requireEachOnce, requireNames } from '../../../shared/synth/handler-needs';
import { requireNumber, requireTexts, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import { type Recurrence, requireRecurrence } from '../../foundation/schedule/schedule';
import { type ContainerSettings, requireContainer } from './container';

const ARGUMENT: TextRule = {
  pattern: /^[^\0]{0,4096}$/,
  must: 'be arguments of a process',
  remedy: "Write them like ['--day', 'yesterday'].",
};
const WEEK = 7 * 24 * 3600;

interface Sizes {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly tasks: number;
  readonly parallelism: number;
  readonly maxRetries: number;
  readonly timeoutSeconds: number;
}

type Raw = Omit<ContainerSettings, 'name' | keyof Sizes> &
  Partial<Sizes> & {
    readonly name?: string;
    readonly args?: readonly string[];
    readonly schedule?: Recurrence;
    readonly inputs?: object;
    readonly outputs?: object;
    readonly code?: HandlerCode;
  };

/**
 * The settings of a job, checked, with their defaults.
 * @throws SettingError
 */
export function jobSettings(scope: IConstruct, props: Raw) {
  const {
    name = 'job',
    cpu = 1,
    memoryMiB = 2048,
    tasks = 1,
    maxRetries = 3,
    timeoutSeconds = 3600,
    args,
    inputs = {},
    outputs = {},
  } = props;
  requireStores(scope, { inputs, outputs });
  requireHandler(scope, props.code, Object.keys(outputs));
  requireContainer(scope, { ...props, name, cpu, memoryMiB }, Object.keys({ ...inputs, ...outputs }), 'job');
  requireNumber(scope, { tasks }, { from: 1, to: 10_000, unit: 'tasks', remedy: 'Cloud Run allows no more.' }, 'known');
  if (props.code?.needs && tasks !== 1)
    throw new SettingError(scope, 'tasks must be 1 with a handler that pulls', tasks, 'Each task would pull everything.');
  const { parallelism = Math.min(tasks, 100) } = props;
  const most = Math.min(tasks, 100);
  requireNumber(
    scope,
    { parallelism },
    { from: 1, to: most, unit: 'tasks', remedy: 'It must not be above tasks, nor above 100.' },
    'known',
  );
  requireNumber(scope, { maxRetries }, { from: 0, to: 10, unit: 'retries', remedy: 'Cloud Run allows no more.' }, 'known');
  const remedy = 'Divide a task that takes longer.';
  requireNumber(scope, { timeoutSeconds }, { from: 10, to: WEEK, unit: 'seconds', remedy }, 'known');
  requireTexts(scope, { args }, ARGUMENT);
  if (props.schedule !== undefined) requireRecurrence(scope, props.schedule);
  return { name, cpu, memoryMiB, tasks, parallelism, maxRetries, timeoutSeconds };
}

/** Which stores a job reads and which it writes, by their names, and the hash of its code. */
export function annotationsOf(
  sides: Readonly<Record<'inputs' | 'outputs', object>>,
  code?: HandlerCode,
): Record<string, string> | undefined {
  const named = Object.entries(sides).map(([side, stores]) => [side, Object.keys(stores).join(' ')] as const);
  const annotations = Object.fromEntries([...named, ['handler-sha256', code?.hash ?? '']].filter(([, value]) => value !== ''));
  return Object.keys(annotations).length > 0 ? annotations : undefined;
}

/** Refuse a handler that waits for events and never ends, and outputs that it does not know. */
function requireHandler(scope: IConstruct, code: HandlerCode | undefined, outputs: readonly string[]) {
  const needs = code?.needs;
  if (!needs) return;
  if (needs.source !== 'pull') {
    const remedy = 'Bundle a handler whose name starts with pull, or use a CloudRunProcessor.';
    throw new SettingError(scope, 'code must pull its records and end', `a handler for ${needs.source}`, remedy);
  }
  requireNames(scope, 'outputs', outputs, needs);
}

/** Refuse names that cannot start a variable, and one name for two stores. */
function requireStores(scope: IConstruct, sides: Readonly<Record<'inputs' | 'outputs', object>>) {
  for (const [side, stores] of Object.entries(sides)) {
    requireTexts(scope, { [side]: Object.keys(stores) }, STORE_NAME);
    requireEachOnce(scope, side, { ...stores });
  }
  const twice = Object.keys(sides.inputs).find((name) => name in sides.outputs);
  if (twice === undefined) return;
  throw new SettingError(
    scope,
    'each store must have its own name',
    `"${twice}" in inputs and outputs`,
    'Its variables start with its name.',
  );
}
