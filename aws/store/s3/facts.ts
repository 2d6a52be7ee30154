import { conditionsOf, text } from '../../../shared/read/cfn';
import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { type Edit, every, type Holder, type Json, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { RETAINED, refuses, tlsOnly } from '../../foundation/promises';

const BUCKET = 'AWS::S3::Bucket';
const POLICY = 'AWS::S3::BucketPolicy';
const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];
const whole = (id: string) => [`\${${id}}`, `\${${id}}/*`];
/** The policy of the bucket itself. */
const itsPolicy: Which = ({ id }, draft) =>
  every(POLICY)({ id } as Asked, draft).filter((policy) => JSON.stringify(draft.resources.get(policy)?.body).includes(`"Ref":"${id}"`));

const PRIVATE: Promised = promised(
  'private',
  'never be public, whatever a policy or a list of access control says',
  (bucket) =>
    BLOCKS.every((block) => is(bucket, `PublicAccessBlockConfiguration.${block}`, true)) &&
    is(bucket, 'OwnershipControls.Rules.ObjectOwnership', 'BucketOwnerEnforced'),
  {
    'a bucket may be made public': set('PublicAccessBlockConfiguration.BlockPublicPolicy', false),
    'nothing keeps a bucket from being public': set('PublicAccessBlockConfiguration'),
    'writers own their objects': set('OwnershipControls.Rules.0.ObjectOwnership', 'ObjectWriter'),
  },
);

export const facts: ServiceFacts = {
  name: 'S3',
  local: 'runs',
  types: {
    [BUCKET]: {
      name: 'bucket',
      role: 'holds data',
      tells: (bucket) => [
        'S3',
        is(bucket, 'VersioningConfiguration.Status', 'Enabled') ? 'versioned' : undefined,
        bucket.get('BucketEncryption').length > 0 ? 'encrypted' : undefined,
        said.kept(bucket),
      ],
      takes: ['s3:PutObject'],
      grants: (bucket) => {
        const list = only(bucket, 'AccessControl') ?? 'Private';
        return list === 'Private'
          ? []
          : [{ holder: 'everyone', may: `all of the access control list ${text(list)}`, on: `\${${bucket.id}}` }];
      },
      promises: [
        promised(
          'encrypted',
          'be encrypted',
          (bucket) =>
            bucket.get('BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm').length === 1,
          { 'objects are not encrypted': set('BucketEncryption') },
        ),
        PRIVATE,
        promised('private', 'have no list of access control', (bucket) => bucket.get('AccessControl').length === 0, {
          'a bucket is public by its list of access control': set('AccessControl', 'PublicRead'),
        }),
        tlsOnly(POLICY, whole),
        promised(
          'tls-only',
          'refuse everyone who comes with a TLS below 1.2',
          (bucket, stack) => refuses(bucket, stack, 'NumericLessThan s3:TlsVersion', '1.2', whole(bucket.id)),
          { 'objects travel with an old TLS': replace('"s3:TlsVersion":1.2', '"s3:TlsVersion":1', itsPolicy) },
        ),
        promised(
          'undelete',
          'keep old versions, and let go of them in the end',
          (bucket) =>
            is(bucket, 'VersioningConfiguration.Status', 'Enabled') &&
            amount(bucket, 'LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays') >= 1,
          {
            'what is overwritten is gone': set('VersioningConfiguration'),
            'old versions are kept for ever': set('LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration'),
          },
        ),
        promised(
          'housekeeping',
          'clear away uploads that were broken off',
          (bucket) => amount(bucket, 'LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation') >= 1,
          { 'broken uploads are kept for ever': set('LifecycleConfiguration') },
        ),
        {
          ...promised(
            'on-record',
            'have each access on record, but for the bucket that holds the record',
            (bucket) => bucket.get('LoggingConfiguration.DestinationBucketName').length === 1,
            { 'nobody knows who read an object': set('LoggingConfiguration') },
          ),
          concerns: (bucket, stack) => !isLog(bucket, stack),
        },
        RETAINED,
      ],
      answered: { rings: 'S3 is never full and never late. Whoever writes to it rings when a write fails.' },
      needs: accessLogNeeds,
      costs: bucketCosts,
      local: {
        BucketName: 'emulated',
        BucketEncryption: 'no effect here',
        LifecycleConfiguration: 'no effect here',
        LoggingConfiguration: 'no effect here',
        OwnershipControls: 'no effect here',
        PublicAccessBlockConfiguration: 'no effect here',
        Tags: 'no effect here',
        VersioningConfiguration: 'no effect here',
      },
    },
    [POLICY]: {
      name: 'bucket policy',
      role: 'grants',
      weakenings: {
        'S3 writes the access log for any account': without('Condition', (statement) => JSON.stringify(statement).includes('logging.s3')),
        'everyone may read the objects': replace(
          '"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
          '"Action":"s3:GetObject","Effect":"Allow"',
        ),
        'a condition in the policy locks the writer out': replace(
          '"Bool":{"aws:SecureTransport":"false"}',
          '"Null":{"s3:x-amz-server-side-encryption":"true"}',
        ),
      },
      local: 'no effect here',
    },
    'Custom::S3AutoDeleteObjects': { name: 'what empties a bucket', role: 'helps', local: 'no effect here' },
  },
  calls: {
    // The right is given for what starts with a prefix. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    '@aws-sdk/client-s3 PutObjectCommand': ({ arguments: [input] }) => [
      { may: 's3:PutObject', on: `${said.part(input, 'Bucket')}/${said.part(input, 'Key').replace(/(?<=^\{\w+\}).*/, '*')}` },
    ],
  },
  harmless: ['@aws-sdk/client-s3 S3Client'],
};

/** Whether the access log of another bucket lies in it. */
function isLog(bucket: Asked, stack: Stack): boolean {
  return stack.of(BUCKET).some((other) => names(other, 'LoggingConfiguration.DestinationBucketName', bucket));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
function accessLogNeeds(bucket: Asked): Needed[] {
  const destination = only(bucket, 'LoggingConfiguration.DestinationBucketName');
  if (destination === undefined) return [];
  return [
    {
      who: 'logging.s3.amazonaws.com',
      may: 's3:PutObject',
      on: `${text(destination)}/${text(only(bucket, 'LoggingConfiguration.LogFilePrefix'))}*`,
      only: conditionsOf([`ArnLike aws:SourceArn \${${bucket.id}}`, `StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]),
      because: 'S3 writes the access log',
    },
  ];
}

/** An object is compressed: eight times smaller where it holds a batch, and half where it holds one event. */
function bucketCosts(bucket: Asked, load: Load): Cost[] {
  const { count, bytes } = load.writes(bucket);
  const larger = 'A larger `batchSize` and `batchWindow` behind a stream; behind a queue each event is an object of its own.';
  return [
    { what: 'objects written', price: 's3Put', units: count * MONTH, lower: larger },
    {
      what: 'objects of one month, compressed 8:1, one event alone 2:1',
      price: 's3Storage',
      units: (bytes * MONTH) / GB,
      lower: 'A shorter `archiveAfter` of the store, where objects are larger than 128 kB.',
    },
    {
      what: 'access log of one month, 600 bytes a write',
      price: 's3Storage',
      units: bucket.get('LoggingConfiguration').length > 0 ? (count * MONTH * 600) / GB : 0,
      lower: larger,
    },
  ];
}

/** Take a part out of the statements of a policy that fit. */
function without(part: string, fits: (statement: Json) => boolean): Edit {
  return (draft, { id }) => {
    const { PolicyDocument } = draft.resources.get(id)!.body.Properties as { PolicyDocument: { Statement: Holder[] } };
    for (const statement of PolicyDocument.Statement.filter(fits)) delete statement[part];
  };
}
