import { type Cost, GB, HOURS, type Load, MONTH, rounded } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { counted, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { duration } from '../../../shared/read/picture';
import { type Asked, amount, is, only } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED } from '../../foundation/promises';

const HOUR = 3_600_000;

export const facts: ServiceFacts = {
  name: 'Kinesis',
  local: 'runs',
  types: {
    'AWS::Kinesis::Stream': {
      name: 'stream',
      role: 'holds data',
      tells: (stream) => [
        'Kinesis',
        String(only(stream, 'StreamModeDetails.StreamMode')).toLowerCase().replace('_', ' '),
        duration(amount(stream, 'RetentionPeriodHours') * 3600),
        stream.get('StreamEncryption').length > 0 ? 'encrypted' : undefined,
        said.kept(stream),
      ],
      takes: ['kinesis:PutRecord'],
      // https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html. SubscribeToShard is for enhanced fan-out only.
      polledWith: ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'].map(
        (action) => `kinesis:${action}`,
      ),
      keepsFor: (stream) => amount(stream, 'RetentionPeriodHours') * 3600,
      promises: [
        setTo({
          rule: 'encrypted',
          must: 'be encrypted',
          at: 'StreamEncryption.EncryptionType',
          to: ['KMS'],
          worse: 'records are not encrypted',
        }),
        RETAINED,
        counted({
          rule: 'retention',
          must: 'keep records for at least a day',
          at: 'RetentionPeriodHours',
          from: 24,
          weak: 5,
          worse: 'records are deleted after five hours',
        }),
        alarmOn(
          'GetRecords.IteratorAgeMilliseconds',
          'have an alarm for records that wait too long',
          (threshold) => threshold <= 24 * HOUR,
        ),
        alarmOn('GetRecords.Success', 'have an alarm for records that are not read'),
        alarmOn('WriteProvisionedThroughputExceeded', 'have an alarm for throttled writes'),
        alarmOn('ReadProvisionedThroughputExceeded', 'have an alarm for throttled reads'),
      ],
      costs: (stream, load) =>
        is(stream, 'StreamModeDetails.StreamMode', 'ON_DEMAND') ? onDemand(stream, load) : provisioned(stream, load),
      answered: {
        private: 'A stream has no public access: every call is signed, and the check of least privilege covers the permissions.',
        undelete: 'A record cannot be changed or deleted. It can be read again until its retention ends.',
      },
      local: {
        Name: 'emulated',
        RetentionPeriodHours: 'emulated',
        ShardCount: 'emulated',
        StreamEncryption: 'no effect here',
        'StreamModeDetails.StreamMode': onlyValues('ON_DEMAND', 'PROVISIONED'),
        Tags: 'no effect here',
      },
    },
  },
};

const FEWER_DAYS = 'A shorter `retention` of the buffer: 24 hours cost nothing extra.';
const SHARDS =
  'An existing `stream` with provisioned shards is cheaper where the load is steady: each takes 1,000 events or 1 MB a second.';

function onDemand(stream: Asked, load: Load): Cost[] {
  const { events, size } = load;
  const gb = (events * MONTH * rounded(size, 1024)) / GB;
  return [
    { what: 'the stream, by the hour', price: 'kinesisHour', units: HOURS, lower: SHARDS },
    { what: 'events written, each rounded up to 1 kB', price: 'kinesisIn', units: gb, lower: SHARDS },
    {
      what: 'events read, by each reader',
      price: 'kinesisOut',
      units: gb * load.readers(stream),
      lower: 'Fewer processors on one buffer: each reads every event.',
    },
    { what: 'events kept, day 2 to 7', price: 'kinesisKept', units: kept(stream, load, 24, 168) / GB, lower: FEWER_DAYS },
    ...keptLong(stream, load),
  ];
}

function provisioned(stream: Asked, load: Load): Cost[] {
  const shards = amount(stream, 'ShardCount') * HOURS;
  const isLong = amount(stream, 'RetentionPeriodHours') > 24;
  return [
    { what: 'shards, by the hour', price: 'kinesisShard', units: shards, lower: 'Fewer shards: each takes 1,000 events or 1 MB a second.' },
    {
      what: 'events written, in units of 25 kB',
      price: 'kinesisPut',
      units: load.events * MONTH * Math.ceil(load.size / 25_600),
      lower: 'Several events in one record, where the sender is yours.',
    },
    { what: 'shards that keep events for over a day', price: 'kinesisShardKept', units: isLong ? shards : 0, lower: FEWER_DAYS },
    ...keptLong(stream, load),
  ];
}

function keptLong(stream: Asked, load: Load): Cost[] {
  return [{ what: 'events kept, from day 8 on', price: 'kinesisKeptLong', units: kept(stream, load, 168, 8760) / GB, lower: FEWER_DAYS }];
}

/** Bytes in the stream at any time, of records whose age is between `from` and `to` hours. */
function kept(stream: Asked, { events, size }: Load, from: number, to: number): number {
  return events * size * 3600 * Math.max(0, Math.min(amount(stream, 'RetentionPeriodHours'), to) - from);
}
