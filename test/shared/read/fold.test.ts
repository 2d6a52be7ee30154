import fc from 'fast-check';
import { fold } from '../../../shared/read/fold';

const words = (lines: readonly string[]) => lines.join(' ').split(/\s+/).filter(Boolean);

test('a line is folded at its spaces, and goes on below its text', () => {
  expect(fold('  #12    missing id     refused: it has no id', 30)).toEqual(['  #12    missing id', '         refused: it has no id']);
  expect(fold('  Every event is in one of both places.', 30)).toEqual(['  Every event is in one of', '  both places.']);
});

test('a path that is too long is folded at a slash', () => {
  expect(fold('  a/b/year=2026/month=11/day=26/hour=01/object.gz', 30)).toEqual([
    '  a/b/year=2026/month=11/',
    '  day=26/hour=01/object.gz',
  ]);
});

test('no folded line is too long, and no word is lost', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '7', ':'), minLength: 1, maxLength: 12 });
  const line = fc.tuple(fc.nat(8), fc.array(fc.tuple(word, fc.integer({ min: 1, max: 4 })), { maxLength: 30 }));
  fc.assert(
    fc.property(line, fc.integer({ min: 60, max: 140 }), ([indent, parts], width) => {
      const text = `${' '.repeat(indent)}${parts.map(([one, gap]) => one + ' '.repeat(gap)).join('')}`.trimEnd();
      const folded = fold(text, width);
      expect(folded.filter((piece) => piece.length > width)).toEqual([]);
      expect(words(folded)).toEqual(words([text]));
    }),
  );
});
