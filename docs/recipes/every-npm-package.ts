// docs:start
import Ajv from 'ajv';
import { type Event, PermanentError } from '../../shared/runtime/event';

const schema = {
  type: 'object',
  properties: { celsius: { type: 'number', minimum: -273.15 }, press: { type: 'string', maxLength: 20 } },
  required: ['celsius', 'press'],
};
const isReading = new Ajv().compile(schema);

/**
 * A package of npm in the transform: a contract of your own, checked by ajv.
 *
 * `npm install ajv`, and import it. The handlers are bundled with whatever the transform imports, on every synth. The example sends
 * an event to the dead letter whose data breaks a JSON Schema of yours, on every cloud, whoever sent it.
 *
 * A package with native code is refused: the bundle runs on another machine than yours. One that loads files of its own while it
 * runs may bundle and then fail: `npm run local` runs the bundles as they ship, and shows it. `docs/shipped.md` lists what ships with
 * its licence: after an `npm install`, run `npm run generate`. A licence that is not on its list is answered in
 * `scripts/shipped/licences.ts`.
 */
export function transform(event: Event): Event {
  if (isReading(event.data)) return event;
  const [fault] = isReading.errors ?? [];
  throw new PermanentError(`data${fault?.instancePath ?? ''} ${fault?.message ?? 'breaks the contract'}`);
}
// docs:end
