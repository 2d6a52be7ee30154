import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App, TerraformResource, TerraformStack } from 'cdktf';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { temporaryFolder } from '../../support/folder';

class Bucket extends TerraformResource {
  protected override synthesizeAttributes() {
    return { location: 'EU' };
  }
}

/** The bucket as it stands in `cdk.tf.json`, with its comments. */
function make(reasons?: Record<string, string>) {
  const outdir = temporaryFolder();
  const app = new App({ outdir, skipValidation: true });
  const stack = new TerraformStack(app, 'lakes');
  const bucket = new Bucket(stack, 'Lake', { terraformResourceType: 'terraform_data' });
  if (reasons) acknowledge(bucket, reasons);
  app.synth();
  return JSON.parse(readFileSync(path.join(outdir, 'stacks/lakes/cdk.tf.json'), 'utf8')).resource.terraform_data.Lake;
}

test('the reasons stand in a comment of the resource, beside what CDKTF notes there', () => {
  expect(make({ CKV_GCP_62: 'It holds code.', CKV_GCP_78: 'It is made anew.' })['//']).toEqual({
    metadata: { path: 'lakes/Lake', uniqueId: 'Lake' },
    acknowledged: [
      { id: 'CKV_GCP_62', reason: 'It holds code.' },
      { id: 'CKV_GCP_78', reason: 'It is made anew.' },
    ],
  });
});

test('what Terraform applies is the same with and without them', () => {
  const [{ '//': _, ...applied }, { '//': __, ...without }] = [make({ CKV_GCP_62: 'It holds code.' }), make()];
  expect(applied).toEqual({ location: 'EU' });
  expect(without).toEqual(applied);
});
