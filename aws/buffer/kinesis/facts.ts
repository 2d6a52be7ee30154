import { onlyValues } from '../../../shared/read/facts/local';
import { counted, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { duration } from '../../../shared/read/picture';
import { amount, only } from '../../../shared/read/stack';
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
      // https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html. SubscribeToShard is for a consumer of its own.
      polledWith: ['DescribeStream', 'DescribeStreamSummary', 'GetRecords', 'GetShardIterator', 'ListShards'].map(
        (action) => `kinesis:${action}`,
      ),
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
          must: 'keep records for a day at least',
          at: 'RetentionPeriodHours',
          from: 24,
          weak: 5,
          worse: 'records are gone after five hours',
        }),
        alarmOn(
          'GetRecords.IteratorAgeMilliseconds',
          'have an alarm that rings when records are late',
          (threshold) => threshold <= 24 * HOUR,
        ),
        alarmOn('GetRecords.Success', 'have an alarm that rings when records come and nobody reads them'),
        alarmOn('WriteProvisionedThroughputExceeded', 'have an alarm that rings when it turns writers away'),
        alarmOn('ReadProvisionedThroughputExceeded', 'have an alarm that rings when it turns readers away'),
      ],
      answered: {
        private: 'A stream has no public door: whoever comes signs the call, and least privilege reads who may.',
        undelete: 'Nobody can change or delete a record. It can be read again for the retention.',
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
