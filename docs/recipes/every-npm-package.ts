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
 * Run `npm install --save-exact ajv`, and import it. Every synthesis bundles the handlers with the packages that the transform
 * imports. The example sends an event whose data breaks your JSON Schema to the dead letter, on every cloud.
 *
 * A package with native code is refused, because the bundle runs on another platform than your machine. A package that loads other
 * packages or files at run time is not bundled completely. `npm run local` shows that: it runs the bundle without other packages, and
 * the events end in the dead letter. `docs/shipped.md` lists the packages in bundles with their licences: run `npm run generate` after
 * an install. It refuses an unknown licence until you add it to `scripts/shipped/licences.ts` with a reason.
 */
export function transform(event: Event): Event {
  if (isReading(event.data)) return event;
  const [fault] = isReading.errors ?? [];
  throw new PermanentError(`data${fault?.instancePath ?? ''} ${fault?.message ?? 'breaks the contract'}`);
}
// docs:end
