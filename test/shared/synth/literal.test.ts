import { Token } from 'cdktf';
import fc from 'fast-check';
import { literal } from '../../../shared/synth/literal';

/** What Terraform makes of a text that has no expressions. */
const read = (text: string) => text.replace(/\$\$\{/g, '${').replace(/%%\{/g, '%{');

test('Terraform reads the text as it was written', () => {
  expect(literal('SELECT `a` AS "${b}", 5 %{c} $d')).toBe('SELECT `a` AS "$${b}", 5 %%{c} $d');
  const text = fc.array(fc.constantFrom('$', '%', '{', '}', 'a', ' '), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (source) => {
      const made = literal(source);
      expect(read(made)).toBe(source);
      expect(made).not.toMatch(/(?<!\$)\$\{|(?<!%)%\{/);
    }),
  );
});

test('a token in the text stays a token', () => {
  const token = Token.asString({ resolve: () => 'x' });
  expect(literal(`a ${token} b`)).toBe(`a ${token} b`);
});
