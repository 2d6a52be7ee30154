import { key, type synthesize } from '../../stand-ins';

/**
 * Expect that the three service agents that encrypt may use the key, and that it is effective before the bucket and the job.
 * @param waits what the job waits for
 */
export function expectEncrypted({ all, json }: Pick<ReturnType<typeof synthesize>, 'all' | 'json'>, waits: readonly string[]) {
  const ofNumber = (domain: string) =>
    expect.stringMatching(
      new RegExp(`^serviceAccount:service-\\$\\{data\\.google_project\\.\\w+\\.number\\}@${domain}\\.iam\\.gserviceaccount\\.com$`),
    );
  const grants = Object.entries<any>(json.resource!.google_kms_crypto_key_iam_member!);
  expect(grants.map(([, grant]) => grant.crypto_key_id)).toEqual([key, key, key]);
  expect(new Set(grants.map(([, { role }]) => role))).toEqual(new Set(['roles/cloudkms.cryptoKeyEncrypterDecrypter']));
  expect(grants.map(([, { member }]) => member)).toEqual([
    ...['compute-system', 'dataflow-service-producer-prod'].map(ofNumber),
    expect.stringMatching(/google_storage_project_service_account/),
  ]);
  const waitOf = (id: string) =>
    Object.entries<any>(json.resource!.time_sleep!)
      .filter(([, { depends_on }]) => depends_on.includes(`google_kms_crypto_key_iam_member.${id}`))
      .map(([name]) => `time_sleep.${name}`)[0];
  const [ofDisks, ofJob, ofBucket] = grants.map(([id]) => waitOf(id));
  expect(waits).toEqual(expect.arrayContaining([ofDisks, ofJob]));
  const temporary = all('google_storage_bucket').find(({ name }) => name.endsWith('-dataflow'));
  expect(temporary).toMatchObject({ encryption: { default_kms_key_name: key }, depends_on: expect.arrayContaining([ofBucket]) });
}
