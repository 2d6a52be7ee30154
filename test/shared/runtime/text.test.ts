import fc from 'fast-check';
import { isWellFormed, isWellFormedJson } from '../../../shared/runtime/text';

test('half of a surrogate pair is found in every text and name, and in nothing else', () => {
  const text = fc.string({
    unit: fc.constantFrom('x', '\\', '"', '😀', '\ud83d', '\ude00', 'ud83d', '\u0000', '\ufffd', 'é'),
    maxLength: 6,
  });
  fc.assert(
    fc.property(text, text, (name, value) => {
      const whole = [name, value].every((one) => Buffer.from(one).toString() === one);
      expect(isWellFormed(name) && isWellFormed(value)).toBe(whole);
      expect(isWellFormedJson(JSON.stringify({ [name]: [value] }))).toBe(whole);
    }),
  );
});
