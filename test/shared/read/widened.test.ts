import { readFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeAws } from '../../../bin/aws';
import { synthesizeTerraform } from '../../../bin/terraform';
import { readCloudFormation } from '../../../shared/read/cloudformation';
import type { Hop } from '../../../shared/read/picture';
import { readTerraform } from '../../../shared/read/terraform';
import { temporaryFolder } from '../../support/folder';

/** A permission that is widened must not read like one that was taken away: the way of an event stays in the picture. */
const toStore = (flow: readonly Hop[]) => [
  ...new Set(flow.filter(({ from, to }) => from === 'Processing' && /^Store(?!.*dead letter)/.test(to)).map(({ how }) => how)),
];

describe('on AWS', () => {
  const text = JSON.stringify(synthesizeAws({}, temporaryFolder()).stacks[0]!.template);
  const [, bucket] = /"STORE_BUCKET":\{"Ref":"(\w+)"\}/.exec(text)!;
  const grant = `"Action":"s3:PutObject","Effect":"Allow","Resource":{"Fn::Join":["",[{"Fn::GetAtt":["${bucket}","Arn"]},"/events/*"]]}`;
  const whole = `{"Fn::GetAtt":["${bucket}","Arn"]}`;

  test.each([
    ['as it ships', '"s3:PutObject"', `{"Fn::Join":["",[${whole},"/events/*"]]}`, 's3:PutObject, /events/*'],
    ['to every action', '"s3:*"', `{"Fn::Join":["",[${whole},"/events/*"]]}`, 's3:*, /events/*'],
    ['to every action on the bucket and its objects', '"s3:*"', `[${whole},{"Fn::Join":["",[${whole},"/*"]]}]`, 's3:*, /*'],
    ['to everything', '"*"', '"*"', '*, on everything'],
  ])('%s', (_, action, on, how) => {
    expect(text).toContain(grant);
    const widened = text.replace(grant, `"Action":${action},"Effect":"Allow","Resource":${on}`);
    expect(toStore(readCloudFormation(JSON.parse(widened)).flow)).toEqual([how]);
  });
});

describe('on Azure and GCP', () => {
  const outdir = temporaryFolder();
  synthesizeTerraform({}, outdir);
  const textOf = (stack: string) => readFileSync(path.join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8');

  test.each([
    ['gcp-pipeline', '"role": "roles/bigquery.dataEditor"', '"role": "roles/bigquery.admin"', 'roles/bigquery.admin'],
    ['gcp-pipeline', '"role": "roles/bigquery.dataEditor"', '"role": "roles/editor"', 'roles/editor'],
    [
      'azure-pipeline',
      '"role_definition_name": "Storage Blob Data Contributor"',
      '"role_definition_name": "Storage Blob Data Owner"',
      'Storage Blob Data Owner',
    ],
  ])('%s: %s becomes %s', (stack, narrow, wide, how) => {
    const text = textOf(stack);
    expect(text).toContain(narrow);
    expect(toStore(readTerraform(JSON.parse(text.replaceAll(narrow, wide))).flow)).toContain(how);
  });

  test('on all that a table or a container lies in', () => {
    const gcp = JSON.parse(textOf('gcp-pipeline'));
    const [grant] = Object.values<any>(gcp.resource.google_bigquery_table_iam_member);
    delete gcp.resource.google_bigquery_table_iam_member;
    const { dataset_id, member } = grant;
    gcp.resource.google_bigquery_dataset_iam_member = {
      Wide: { dataset_id, member, role: 'roles/bigquery.dataEditor', '//': grant['//'] },
    };
    expect(toStore(readTerraform(gcp).flow)).toEqual(['roles/bigquery.dataEditor, on Store dataset']);
  });
});
