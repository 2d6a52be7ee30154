// docs:start
import { transform } from '../../../docs/recipes/every-npm-package';
import { type Event, PermanentError } from '../../../shared/runtime/event';

const event: Event = {
  specversion: '1.0',
  id: '1',
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
  data: { press: '7', celsius: 180 },
};

test('an event that follows the contract is stored as it came', () => expect(transform(event)).toEqual(event));

test.each([
  [{ press: '7' }, "data must have required property 'celsius'"],
  [{ press: '7', celsius: -300 }, 'data/celsius must be >= -273.15'],
  [undefined, 'data must be object'],
])('data that breaks the contract goes to the dead letter: %j', (data, reason) => {
  expect(() => transform({ ...event, data })).toThrow(new PermanentError(reason));
});
// docs:end
