import { setting } from '../../../shared/runtime/setting';

const message = 'The setting STORE_BUCKET is missing. The template that deploys this handler sets it: deploy both from the same commit.';

afterEach(() => {
  delete process.env.STORE_BUCKET;
});

test('reads a setting', () => {
  process.env.STORE_BUCKET = 'my-bucket';
  expect(setting('STORE_BUCKET')).toBe('my-bucket');
});

test('says what to do when a setting is missing', () => expect(() => setting('STORE_BUCKET')).toThrow(new Error(message)));

test('takes an empty setting for a missing one', () => {
  process.env.STORE_BUCKET = '';
  expect(() => setting('STORE_BUCKET')).toThrow(new Error(message));
});
