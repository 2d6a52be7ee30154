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
/** The policies of the bucket. */
const itsPolicy: Which = ({ id }, draft) =>
  every(POLICY)({ id } as Asked, draft).filter((policy) => JSON.stringify(draft.resources.get(policy)?.body).includes(`"Ref":"${id}"`));

const PRIVATE: Promised = promised(
  'private',
  'block public access, and have no ACLs',
  (bucket) =>
    BLOCKS.every((block) => is(bucket, `PublicAccessBlockConfiguration.${block}`, true)) &&
    is(bucket, 'OwnershipControls.Rules.ObjectOwnership', 'BucketOwnerEnforced'),
  {
    'a policy can make the bucket public': set('PublicAccessBlockConfiguration.BlockPublicPolicy', false),
    'public access is not blocked': set('PublicAccessBlockConfiguration'),
    'writers own their objects': set('OwnershipControls.Rules.0.ObjectOwnership', 'ObjectWriter'),
  },
);

export const facts: ServiceFacts = {
  name: 'S3',
  local: 'runs',
  unproven: [
    'That the key in an event of EventBridge is not encoded for URLs, as it is in notifications of S3.',
    'That S3 answers 404 for a missing object where the permission to list has a prefix. With 403, its message is retried, and ends in the dead letter all the same.',
  ],
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
        return list === 'Private' ? [] : [{ holder: 'everyone', may: `the ACL ${text(list)}`, on: `\${${bucket.id}}` }];
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
        promised('private', 'have no ACL', (bucket) => bucket.get('AccessControl').length === 0, {
          'an ACL makes the bucket public': set('AccessControl', 'PublicRead'),
        }),
        tlsOnly(POLICY, whole),
        promised(
          'tls-only',
          'deny requests with a TLS version below 1.2',
          (bucket, stack) => refuses(bucket, stack, 'NumericLessThan s3:TlsVersion', '1.2', whole(bucket.id)),
          { 'requests with TLS 1.0 are not denied': replace('"s3:TlsVersion":1.2', '"s3:TlsVersion":1', itsPolicy) },
        ),
        promised(
          'undelete',
          'keep old versions, with an expiration',
          (bucket) =>
            is(bucket, 'VersioningConfiguration.Status', 'Enabled') &&
            amount(bucket, 'LifecycleConfiguration.Rules.NoncurrentVersionExpiration.NoncurrentDays') >= 1,
          {
            'overwritten objects cannot be restored': set('VersioningConfiguration'),
            'old versions are kept forever': set('LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration'),
          },
        ),
        promised(
          'housekeeping',
          'abort incomplete multipart uploads',
          (bucket) => amount(bucket, 'LifecycleConfiguration.Rules.AbortIncompleteMultipartUpload.DaysAfterInitiation') >= 1,
          { 'incomplete multipart uploads are kept forever': set('LifecycleConfiguration') },
        ),
        {
          ...promised(
            'on-record',
            'have an access log, unless it is the bucket of an access log',
            (bucket) => bucket.get('LoggingConfiguration.DestinationBucketName').length === 1,
            { 'access is not logged': set('LoggingConfiguration') },
          ),
          concerns: (bucket, stack) => !isLog(bucket, stack),
        },
        RETAINED,
      ],
      answered: { rings: 'S3 has no limit of size, and no delay. The writer has an alarm for failed writes.' },
      needs: (bucket) => [...accessLogNeeds(bucket), ...replicationNeeds(bucket)],
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
        NotificationConfiguration: { notRun: 'the local run has no EventBridge.' },
        ReplicationConfiguration: 'no effect here',
      },
    },
    [POLICY]: {
      name: 'bucket policy',
      role: 'grants',
      weakenings: {
        'S3 accepts the access log of any account': without('Condition', (statement) => JSON.stringify(statement).includes('logging.s3')),
        'everyone can read the objects': replace(
          '"Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
          '"Action":"s3:GetObject","Effect":"Allow"',
        ),
        'a condition in the policy denies the writer': replace(
          '"Bool":{"aws:SecureTransport":"false"}',
          '"Null":{"s3:x-amz-server-side-encryption":"true"}',
        ),
      },
      local: 'no effect here',
    },
    'Custom::S3AutoDeleteObjects': { name: 'deletion of the objects of a bucket', role: 'helps', local: 'no effect here' },
  },
  calls: {
    // Without the permission to list, S3 answers for a missing object as for a denied one. Which permission it asks for depends on
    // whether the request names a version.
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    '@aws-sdk/client-s3 GetObjectCommand': ({ arguments: [input] }) => {
      const [bucket, key] = ['Bucket', 'Key'].map((part) => said.part(input, part));
      const named = typeof input === 'object' && 'VersionId' in input;
      return [
        ...['s3:GetObject', ...(named ? ['s3:GetObjectVersion'] : [])].map((may) => ({ may, on: `${bucket}/${key}` })),
        { may: 's3:ListBucket', on: bucket!, only: `StringLike s3:prefix ${key}` },
      ];
    },
    // The permission is for keys with a prefix. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    '@aws-sdk/client-s3 PutObjectCommand': ({ arguments: [input] }) => [
      { may: 's3:PutObject', on: `${said.part(input, 'Bucket')}/${said.part(input, 'Key').replace(/(?<=^\{\w+\}).*/, '*')}` },
    ],
  },
  harmless: ['@aws-sdk/client-s3 S3Client'],
};

/** Whether it stores the access log of another bucket. */
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

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html */
function replicationNeeds(bucket: Asked): Needed[] {
  const [role] = bucket.refers('ReplicationConfiguration.Role');
  if (!role) return [];
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  const prefix = text(only(bucket, 'ReplicationConfiguration.Rules.Filter.Prefix'));
  const replica = text(only(bucket, 'ReplicationConfiguration.Rules.Destination.Bucket'));
  const may = (on: string, ...actions: string[]): Needed[] =>
    actions.map((action) => ({ who: role.id, may: `s3:${action}`, on, because: 'S3 copies new objects' }));
  return [
    { who: 's3.amazonaws.com', may: 'sts:AssumeRole', on: `\${${role.id}}`, only: account, because: 'S3 copies with the role' },
    ...may(`\${${bucket.id}}`, 'GetReplicationConfiguration', 'ListBucket'),
    ...may(`\${${bucket.id}}/${prefix}*`, 'GetObjectVersionForReplication', 'GetObjectVersionAcl', 'GetObjectVersionTagging'),
    ...may(`${replica}/${prefix}*`, 'ReplicateObject', 'ReplicateTags'),
  ];
}

/** An object is compressed: to an eighth if it has a batch, and to a half if it has one event. */
function bucketCosts(bucket: Asked, load: Load): Cost[] {
  const { count, bytes } = load.writes(bucket);
  const larger = 'A larger `batchSize` and `batchWindow` after a stream. After a queue, each event is one object.';
  return [
    { what: 'objects written', price: 's3Put', units: count * MONTH, lower: larger },
    {
      what: 'objects of one month, compressed 8:1, one event alone 2:1',
      price: 's3Storage',
      units: (bytes * MONTH) / GB,
      lower: 'A shorter `archiveAfter` of the store, if objects are larger than 128 kB.',
    },
    {
      what: 'access log of one month, 600 bytes a write',
      price: 's3Storage',
      units: bucket.get('LoggingConfiguration').length > 0 ? (count * MONTH * 600) / GB : 0,
      lower: larger,
    },
  ];
}

/** Remove a part of the matching statements of a policy. */
function without(part: string, fits: (statement: Json) => boolean): Edit {
  return (draft, { id }) => {
    const { PolicyDocument } = draft.resources.get(id)!.body.Properties as { PolicyDocument: { Statement: Holder[] } };
    for (const statement of PolicyDocument.Statement.filter(fits)) delete statement[part];
  };
}
