// docs:start
import { transform } from '../../../docs/recipes/every-change-the-transform';
import { type Event, PermanentError } from '../../../shared/runtime/event';

const event: Event = {
  specversion: '1.0',
  id: '1',
  source: '/plants/7/press',
  type: 'com.example.press.heated',
  time: '2026-01-31T08:30:00Z',
};

test('each reading of a press is a row, in kelvin', () => {
  const rows = transform({ ...event, data: { readings: [{ celsius: 0 }, { celsius: 100 }] } });
  expect(rows.map(({ kelvin }) => kelvin)).toEqual([273.15, 373.15]);
});

test('a press without readings goes to the dead letter', () => {
  expect(() => transform({ ...event, data: {} })).toThrow(new PermanentError('a press without readings'));
});
// docs:end
