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
 * A package of npm: a contract of your own, checked by ajv.
 *
 * `npm install --save-exact ajv`, and import it. Every synth bundles the handlers with what the transform imports. The example sends an
 * event whose data breaks a JSON Schema of yours to the dead letter, on every cloud, whoever sent it.
 *
 * A package with native code is refused, since the bundle runs on another machine than yours. One that loads other packages or files
 * while it runs is not bundled whole: `npm run local` runs the bundles as they ship, with no package around them, and its events end
 * in the dead letter. `docs/shipped.md` lists what ships, with its licence: run `npm run generate` after an install. It refuses a licence
 * that is not on its list, until `scripts/shipped/licences.ts` answers why it may stay.
 */
export function transform(event: Event): Event {
  if (isReading(event.data)) return event;
  const [fault] = isReading.errors ?? [];
  throw new PermanentError(`data${fault?.instancePath ?? ''} ${fault?.message ?? 'breaks the contract'}`);
}
// docs:end
