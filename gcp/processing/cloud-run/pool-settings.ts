import type { IConstruct } from 'constructs';
import { requireEachOnce, requireFit } from '../../../shared/synth/handler-needs';
import { requireAbsent, requireNumber, SettingError } from '../../../shared/synth/settings';
import { type ContainerImage, requireImage } from '../../foundation/images';
import { DEAD_LETTER, requireOtherNames } from '../../foundation/run/variables';
import { type ContainerSettings, requireContainer } from './container';

/** The start of the variables of the subscription. */
export const EVENTS = 'EVENTS';
/** The source in `runtime/sources` that pulls from Pub/Sub. */
const FORMAT = 'pub-sub-pull';

/** How many instances a worker pool has, by the number of events that wait. */
export interface WorkerScaling {
  /**
   * The image of Google's autoscaler (CREMA), such as `us-central1-docker.pkg.dev/cloud-run-oss-images/crema-v1/autoscaler` with the
   * digest of the release 1.2, or your copy of it. Images that were published before 2026-04-29 leak memory.
   */
  readonly image: ContainerImage;
  /**
   * How many waiting events each instance has: with 1000, 3500 events need 4 instances. From 1 to 1000000.
   * @default 1000
   */
  readonly perInstance?: number;
  /**
   * The minimum number of instances, from 0 to `max`. With 0, an event that comes after a pause waits about three minutes, because the
   * number of waiting events is known only after two.
   * @default 1
   */
  readonly min?: number;
  /**
   * The maximum number of instances, from 1 to 100. It limits the cost.
   * @default 10
   */
  readonly max?: number;
}

interface Sizes {
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly concurrency: number;
}

type Raw = Omit<ContainerSettings, 'name' | keyof Sizes> &
  Partial<Sizes> &
  Omit<Parameters<typeof requireFit>[1], 'source'> & {
    readonly name?: string;
    readonly instances?: number;
    readonly scaling?: WorkerScaling;
  };

/**
 * The settings of a worker pool, checked, with their defaults.
 * @throws SettingError
 */
export function poolSettings(scope: IConstruct, props: Raw) {
  const { name = 'worker', cpu = 1, memoryMiB = 2048, concurrency = 10, instances = 1 } = props;
  requireFit(scope, { ...props, source: { format: FORMAT } });
  requireEachOnce(scope, 'stores', props.stores);
  requireOtherNames(scope, props.stores, { [EVENTS]: 'the subscription', [DEAD_LETTER]: 'the dead letter' });
  requireContainer(scope, { ...props, name, cpu, memoryMiB }, [EVENTS, DEAD_LETTER, ...Object.keys(props.stores)]);
  requireNumber(scope, { concurrency }, { from: 1, to: 1000, unit: 'events', remedy: 'Use more instances.' }, 'known');
  const most = { from: 0, to: 100, unit: 'instances', remedy: 'Google allows more only with a higher quota.' };
  requireNumber(scope, { instances }, most, 'known');
  return { name, cpu, memoryMiB, concurrency, instances, scaling: scalingSettings(scope, props) };
}

function scalingSettings(scope: IConstruct, { scaling, instances }: Raw): Required<WorkerScaling> | undefined {
  if (scaling === undefined) return undefined;
  if (typeof scaling !== 'object' || scaling === null) {
    throw new SettingError(scope, 'scaling must be an object', typeof scaling, 'Write it like { image: { ... }, max: 10 }.');
  }
  requireAbsent(scope, 'scaling', { instances });
  const { image, perInstance = 1000, min = 1, max = 10 } = scaling;
  requireImage(scope, image, 'scaling.image');
  requireNumber(
    scope,
    { 'scaling.perInstance': perInstance },
    { from: 1, to: 1_000_000, unit: 'events', remedy: 'It is the backlog of one instance.' },
    'known',
  );
  requireNumber(
    scope,
    { 'scaling.max': max },
    { from: 1, to: 100, unit: 'instances', remedy: 'Google allows more only with a higher quota.' },
    'known',
  );
  requireNumber(
    scope,
    { 'scaling.min': min },
    { from: 0, to: max, unit: 'instances', remedy: 'It must not be above scaling.max.' },
    'known',
  );
  return { image, perInstance, min, max };
}
