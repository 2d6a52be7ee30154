import { LOCATION } from '../../../azure/foundation/site';
import { PROJECT, REGION } from '../../../gcp/foundation/site';
import { ask } from '../../../shared/synth/ask';
import { KMS_KEY, PREFIX } from '../../../shared/synth/settings';
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

test.each(Object.entries({ PREFIX, LOCATION, PROJECT, REGION }))('%s is a rule that Terraform reads as it stands', (_, { pattern }) => {
  // CDKTF escapes neither a backslash nor a quote, and RE2 knows neither a look around nor a look back.
  expect(pattern.source).not.toMatch(/[\\"]|\(\?[^:]/);
  expect(pattern.source).toMatch(/^\^.*\$$/);
  expect(pattern.flags).toBe('');
});

test('a slash of a rule is written as Terraform reads it, without a backslash', () => {
  const { json } = synthesize((stack) => ask(stack, 'key', KMS_KEY, { description }));
  expect(json.variable.key.validation[0].condition).toBe(
    '${can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key))}',
  );
});
