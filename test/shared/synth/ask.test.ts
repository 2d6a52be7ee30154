import { ask } from '../../../shared/synth/ask';
import { synthesize } from '../../support/cdktf';

const rule = { pattern: /^[a-z]{2}$/, must: 'be two letters', remedy: 'Like this: de.' };
const description = 'Where it stands.';

test('a text that somebody must give, by the rule', () => {
  const { built, json } = synthesize((stack) => ask(stack, 'country', rule, { description }));
  expect(json.variable.country).toEqual({
    type: 'string',
    nullable: false,
    description,
    validation: [{ condition: '${can(regex("^[a-z]{2}$", var.country))}', error_message: 'The country must be two letters.' }],
  });
  expect(built).toMatch(/^\$\{TfToken\[.+\]\}$/);
});

test('a text with a default, which is the example where another is refused', () => {
  const { json } = synthesize((stack) => ask(stack, 'country', rule, { description, default: 'de' }));
  expect(json.variable.country).toMatchObject({
    default: 'de',
    validation: [{ error_message: 'The country must be two letters, such as de.' }],
  });
});
