import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Fn, TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import fc from 'fast-check';
import { referencesIn } from '../../../scripts/judges/terraform/expressions';
import { unbase64 } from '../../../shared/read/base64';
import { base64 } from '../../../shared/synth/base64';

/** A text as it is in a template, made of a variable and the name of a bucket. */
function inTemplate(make: (region: string, bucket: string) => string): string {
  const stack = new TerraformStack(Testing.app(), 'test');
  const region = new TerraformVariable(stack, 'region', { type: 'string' }).stringValue;
  const { name } = new StorageBucket(stack, 'Bucket', { name: 'x', location: region });
  new TerraformOutput(stack, 'text', { value: make(region, name) });
  return JSON.parse(Testing.synth(stack)).output.text.value;
}

test('a text that is known is encoded at once', () => expect(base64('{"a":"é"}')).toBe(Buffer.from('{"a":"é"}').toString('base64')));

test('a text that is known only at deploy is encoded by Terraform, with each reference outside of quotes', () => {
  const made = inTemplate((region, bucket) => base64(JSON.stringify({ at: `gs://${bucket}/${region}` })));
  expect(made).toBe(
    String.raw`\${base64encode(join("", ["\u007b\"at\":\"gs://", google_storage_bucket.Bucket.name, "/", var.region, "\"\u007d"]))}`.slice(
      1,
    ),
  );
});

test('no text ends the expression, and each is read as it was written', async () => {
  const text = fc.string({ unit: fc.constantFrom(...'a"\\${}%,[]() \n\té'), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      const made = inTemplate((region, bucket) => base64(`${before}${bucket}${after}${region}`));
      expect(unbase64(made)).toBe(`${before}\${google_storage_bucket.Bucket.name}${after}\${var.region}`);
      expect(await referencesIn(made)).toEqual([
        ['google_storage_bucket', 'Bucket', 'name'],
        ['var', 'region'],
      ]);
      expect(made.match(/[{}]/g)).toEqual(['{', '}']);
    }),
    { numRuns: 10 },
  );
});

test('the functions of CDKTF still break a text with a token and quotes: otherwise they would do', () => {
  expect(inTemplate((region) => Fn.base64encode(Fn.rawString(`"${region}"`)))).toBe(
    String.raw`\${base64encode("\"$var.region\"")}`.slice(1),
  );
});
