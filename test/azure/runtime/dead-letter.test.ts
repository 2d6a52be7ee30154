import fc from 'fast-check';
import { linesOf } from '../../../azure/runtime/dead-letter';
import { deadLetter, inOneLine } from '../../../shared/runtime/verdict';

const aLetter = fc.tuple(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 2000 }),
  fc.bigInt({ min: 0n, max: 2n ** 63n }),
);

test('whatever was sent, and whatever the reason is, a letter is one line that gives every byte back', () => {
  fc.assert(
    fc.property(fc.array(aLetter, { maxLength: 5 }), (given) => {
      const text = linesOf(
        given.map(([bytes, reason, number]) => deadLetter(Buffer.from(bytes), inOneLine(reason), { sequenceNumber: String(number) })),
      );
      const lines = Buffer.from(text).toString().split('\n');
      expect(lines.pop()).toBe('');
      const found = lines.map((line) => JSON.parse(line));
      expect(found.map(({ payload, encoding }) => Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8'))).toEqual(
        given.map(([bytes]) => Buffer.from(bytes)),
      );
      expect(found.map(({ reason, position }) => [reason, position.sequenceNumber])).toEqual(
        given.map(([, reason, number]) => [inOneLine(reason), String(number)]),
      );
    }),
  );
});
