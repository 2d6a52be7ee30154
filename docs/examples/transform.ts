// docs:start
import { type Event, PermanentError, type Row } from '../../shared/runtime/event';

/** Keeps one row for each reading of a press, in kelvin. */
export function transform(event: Event): readonly Row[] {
  const { readings } = (event.data ?? {}) as { readings?: { celsius: number }[] };
  if (!readings) throw new PermanentError('a press without readings');
  return readings.map(({ celsius }) => ({ press: event.source, time: event.time, kelvin: celsius + 273.15 }));
}
// docs:end
