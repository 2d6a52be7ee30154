import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { type Brought, type Cost, GB, type Load, MONTH, PACKED, rounded } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, names, only, type Stack } from '../../../shared/read/stack';
import { alarmOn, alarmOnAnother, readyBeforeWork } from '../../foundation/promises';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';
const SOURCE = 'KinesisStreamSourceConfiguration.KinesisStreamARN';
const S3 = 'ExtendedS3DestinationConfiguration';
const TABLE = `${S3}.DataFormatConversionConfiguration.SchemaConfiguration`;
const PROCESSORS = `${S3}.ProcessingConfiguration.Processors`;
const PARAMETER = `${PROCESSORS}.Parameters`;
const FROM_LOG = 'The transform function publishes it in its log, in the embedded metric format of CloudWatch.';
const LISTED = 'It is on the page of the metrics of Firehose, and not in this list.';
const nothing = 'no effect here';

export const facts: ServiceFacts = {
  name: 'Data Firehose',
  local: 'runs',
  unproven: [
    'That the rights without `s3:GetObject`, which the documentation lists too, are enough for a delivery.',
    'That a nested value in a text column of Parquet is stored as its JSON text, where `transform` is `none`.',
    'That the metric of failed records reaches CloudWatch from the log of the transform function.',
  ],
  types: {
    [STREAM]: {
      name: 'delivery stream',
      role: 'moves data',
      tells: (stream) => [
        'Data Firehose',
        isParquet(stream) ? 'Parquet' : 'lines of JSON',
        isEncrypted(stream) ? 'encrypted' : undefined,
        functionOf(stream) ? 'contract checked' : undefined,
      ],
      takes: ['firehose:PutRecord'],
      flow: stepsOf,
      promises: [
        {
          ...promised('encrypted', 'encrypt the records of senders', isEncrypted, {
            'buffered records are not encrypted': set('DeliveryStreamEncryptionConfigurationInput'),
          }),
          concerns: (stream) => !readsStream(stream),
        },
        promised('bounded-retries', 'store what it cannot process below a prefix of its own', hasFailedPrefix, {
          'failed records have no prefix, and no deploy works': set(`${S3}.ErrorOutputPrefix`),
          'failed records are below the prefix of the store': set(
            `${S3}.ErrorOutputPrefix`,
            'events/failed/!{firehose:error-output-type}/',
          ),
        }),
        {
          ...promised('readable', 'end each record with a line break', (stream) => hasProcessor(stream, 'AppendDelimiterToRecord'), {
            'records are stored without a line break': set(`${S3}.ProcessingConfiguration`),
          }),
          concerns: (stream) => !isParquet(stream),
        },
        {
          ...setTo({
            rule: 'readable',
            must: 'keep the case of names in JSON text',
            at: `${S3}.DataFormatConversionConfiguration.InputFormatConfiguration.Deserializer.OpenXJsonSerDe.CaseInsensitive`,
            to: [false],
            weak: true,
            worse: 'names in JSON text become lower case',
          }),
          concerns: isParquet,
        },
        promised('on-record', 'log failed deliveries', (stream) => is(stream, `${S3}.CloudWatchLoggingOptions.Enabled`, true), {
          'failed deliveries are not logged': set(`${S3}.CloudWatchLoggingOptions.Enabled`, false),
        }),
        alarmOn('DeliveryToS3.DataFreshness', 'have an alarm for records that are delivered late', (seconds) => seconds <= 2700),
        alarmOn('DeliveryToS3.Success', 'have an alarm for failed writes'),
        {
          ...alarmOn('KinesisMillisBehindLatest', 'have an alarm for a delivery that is behind its stream', (age) => age <= 3_600_000),
          concerns: readsStream,
        },
        { ...alarmOn('ThrottledRecords', 'have an alarm for refused records'), concerns: (stream) => !readsStream(stream) },
        { ...alarmOn('FailedConversion.Records', 'have an alarm for records that do not fit the table'), concerns: isParquet },
        { ...alarmOn('ExecuteProcessing.Success', 'have an alarm for failed calls of the function'), concerns: isTransformed },
        alarmOnAnother(functionOf, 'FailedRecords', 'have an alarm at the first record that can never be processed'),
        readyBeforeWork((stream) => stream.refers(`${S3}.RoleARN`)[0]),
      ],
      answered: {
        'nothing-lost':
          'It retries for 24 hours, or until its stream deletes the records: no setting is longer. Then the records of senders are lost, and the alarms on late and failed writes have been raised for a day.',
      },
      needs: needsOf,
      costs: costsOf,
      brings,
      local: {
        DeliveryStreamEncryptionConfigurationInput: nothing,
        DeliveryStreamName: 'emulated',
        DeliveryStreamType: onlyValues('DirectPut', 'KinesisStreamAsSource'),
        'KinesisStreamSourceConfiguration.KinesisStreamARN': 'emulated',
        'KinesisStreamSourceConfiguration.RoleARN': nothing,
        [`${S3}.BucketARN`]: 'emulated',
        [`${S3}.BufferingHints`]: 'emulated',
        [`${S3}.CloudWatchLoggingOptions`]: nothing,
        [`${S3}.CompressionFormat`]: onlyValues('GZIP', 'UNCOMPRESSED'),
        [`${S3}.DataFormatConversionConfiguration`]: { notRun: 'the local run writes no Parquet.' },
        [`${S3}.DynamicPartitioningConfiguration`]: { notRun: 'the local run has no jq.' },
        [`${S3}.ErrorOutputPrefix`]: 'emulated',
        [`${S3}.FileExtension`]: 'emulated',
        [`${S3}.Prefix`]: 'emulated',
        [`${S3}.ProcessingConfiguration`]: 'emulated',
        [`${S3}.RoleARN`]: nothing,
        Tags: nothing,
      },
    },
  },
  harmless: ['@types/node fs.writeSync'],
  unlisted: {
    'AWS/Firehose ThrottledRecords': LISTED,
    'AWS/Firehose FailedConversion.Records': LISTED,
    'AWS/Firehose PartitionCountExceeded': LISTED,
    'AWS/Firehose ExecuteProcessing.Success': LISTED,
    'FirehoseTransform FailedRecords': FROM_LOG,
  },
};

function readsStream(stream: Asked): boolean {
  return stream.get(SOURCE).length > 0;
}

function isParquet(stream: Asked): boolean {
  return stream.get(TABLE).length > 0;
}

function isEncrypted(stream: Asked): boolean {
  return stream.get('DeliveryStreamEncryptionConfigurationInput.KeyType').length === 1;
}

function isTransformed(stream: Asked): boolean {
  return hasProcessor(stream, 'Lambda');
}

function hasProcessor(stream: Asked, type: string): boolean {
  return stream.get(`${PROCESSORS}.Type`).includes(type);
}

/** The function that records pass, if it is of this template. */
function functionOf(stream: Asked): Asked | undefined {
  return stream.refers(`${PARAMETER}.ParameterValue`).find(({ type }) => type === 'AWS::Lambda::Function');
}

/** Queries read everything below the prefix of the store. */
function hasFailedPrefix(stream: Asked): boolean {
  const [prefix, failed] = [folderOf(stream, 'Prefix'), folderOf(stream, 'ErrorOutputPrefix')];
  return failed !== '' && !failed.startsWith(prefix);
}

/** The folder of a prefix, without expressions: `events/`. */
function folderOf(stream: Asked, setting: 'Prefix' | 'ErrorOutputPrefix'): string {
  const [prefix = ''] = stream.get(`${S3}.${setting}`).map(text);
  return prefix.split('!{')[0]!.replace(/[^/]*$/, '');
}

function stepsOf(stream: Asked, seen: Seen): Step[] {
  const [source] = stream.refers(SOURCE);
  const [bucket] = stream.refers(`${S3}.BucketARN`);
  const hints = `${amount(stream, `${S3}.BufferingHints.SizeInMBs`)} MiB or ${duration(amount(stream, `${S3}.BufferingHints.IntervalInSeconds`))}`;
  const from = source?.stage ?? 'an existing stream';
  const read: Step[] = readsStream(stream)
    ? [{ from, how: 'read from the next record on', to: stream.stage, notes: seen.tell(stream), between: [source?.id ?? from, stream.id] }]
    : [];
  const to = bucket ? receiverOf(bucket) : 'an existing bucket';
  const step = (how: string): Step => ({
    from: stream.stage,
    how,
    to,
    notes: seen.tell(bucket),
    between: [stream.id, bucket?.id ?? to],
  });
  return [...read, step(joined(hints, `/${folderOf(stream, 'Prefix')}*`)), step(`what fails, /${folderOf(stream, 'ErrorOutputPrefix')}*`)];
}

/** https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html */
function needsOf(stream: Asked, stack: Stack): Needed[] {
  const who = refOf(only(stream, `${S3}.RoleARN`)) ?? '';
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  const may = (because: string, on: string, ...actions: string[]): Needed[] => actions.map((action) => ({ who, may: action, on, because }));
  const bucket = text(only(stream, `${S3}.BucketARN`));
  const folders = [folderOf(stream, 'Prefix'), folderOf(stream, 'ErrorOutputPrefix')];
  const reads = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListShards'].map((action) => `kinesis:${action}`);
  const logs = refOf(only(stream, `${S3}.CloudWatchLoggingOptions.LogGroupName`));
  const code = functionOf(stream);
  return [
    { who: 'firehose.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, only: account, because: 'Firehose delivers with the role' },
    ...(readsStream(stream) ? may('Firehose reads the stream', text(only(stream, SOURCE)), ...reads) : []),
    ...folders.flatMap((folder) => may('Firehose writes objects', `${bucket}/${folder}*`, 's3:PutObject', 's3:AbortMultipartUpload')),
    ...may('Firehose looks the bucket up', bucket, 's3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'),
    ...(logs ? may('Firehose logs failed deliveries', `\${${logs}}`, 'logs:PutLogEvents') : []),
    ...(code ? may('Firehose calls the function', `\${${code.id}}`, 'lambda:InvokeFunction', 'lambda:GetFunctionConfiguration') : []),
    ...(isParquet(stream) ? tableNeeds(stream, may) : []),
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
    ...stack.all
      .filter((rule) => names(rule, 'Targets.Arn', stream))
      .map((rule) => {
        const role = refOf(only(rule, 'Targets.RoleArn')) ?? '';
        return { who: role, may: 'firehose:PutRecordBatch', on: `\${${stream.id}}`, because: 'EventBridge puts several events at once' };
      }),
  ];
}

function tableNeeds(stream: Asked, may: (because: string, on: string, ...actions: string[]) => Needed[]): Needed[] {
  const [database, table] = ['DatabaseName', 'TableName'].map((setting) => text(only(stream, `${TABLE}.${setting}`)));
  const reads = ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'];
  const glue = `arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}`;
  const places = ['catalog', `database/${database}`, `table/${database}/${table}`];
  return places.flatMap((place) => may('Firehose reads the columns of the table', `${glue}:${place}`, ...reads));
}

function costsOf(stream: Asked, { events, size }: Load): Cost[] {
  const gb = (unit: number) => (events * MONTH * rounded(size, unit)) / GB;
  const whole = 'Several events in one record, where the sender is yours and `transform` is a function of yours.';
  const partitioned = stream.get(`${S3}.DynamicPartitioningConfiguration`).length > 0;
  return [
    { what: 'events taken in, each rounded up to 5 kB', price: 'firehoseIn', units: gb(5000), lower: whole },
    {
      what: 'conversion to Parquet',
      price: 'firehoseConverted',
      units: isParquet(stream) ? gb(1) : 0,
      lower: 'The store in place of a table: lines of JSON, which queries read in whole.',
    },
    {
      what: 'events delivered with dynamic partitions',
      price: 'firehosePartitioned',
      units: partitioned ? gb(1) : 0,
      lower: 'No `partitionBy`, and a filter in the query.',
    },
  ];
}

/** An object is written when the buffer is full, or at the end of the interval. The function gets 1 MiB, or a minute of records. */
function brings(stream: Asked, { events, size }: Load): Brought {
  const bytes = events * size;
  const every = (mib: number, seconds: number) => (events === 0 ? 0 : Math.max(bytes / (mib * 1024 ** 2), Math.min(events, 1 / seconds)));
  const hint = (name: string) => amount(stream, `${S3}.BufferingHints.${name}`);
  return {
    calls: isTransformed(stream) ? every(1, 60) : 0,
    writes: every(hint('SizeInMBs'), Math.max(1, hint('IntervalInSeconds'))),
    packed: PACKED.together,
    writesItself: true,
  };
}
