import { always, type Cases, every, from, once } from '../../../support/alarm-cases';

export const cases: Cases = {
  'DeliveryToS3.DataFreshness': [
    ['the store is down', { 'DeliveryToS3.DataFreshness': always(300).map((age, minute) => age! + Math.max(0, minute - 60) * 60) }, 70],
    ['records are delivered after their buffer interval', { 'DeliveryToS3.DataFreshness': every(5, 310) }, 'never'],
    ['nothing comes', { 'DeliveryToS3.DataFreshness': always(undefined) }, 'never'],
  ],
  'DeliveryToS3.Success': [
    ['one write fails, and its retry does not', { 'DeliveryToS3.Success': once(60, 0, 1) }, 'never'],
    ['each write fails', { 'DeliveryToS3.Success': from(60, 0, 1) }, 74],
    ['nothing comes', { 'DeliveryToS3.Success': always(undefined) }, 'never'],
  ],
  ThrottledRecords: [
    ['the first refused record', { ThrottledRecords: once(60, 1, 0) }, 60],
    ['nothing comes', { ThrottledRecords: always(undefined) }, 'never'],
  ],
  'ExecuteProcessing.Success': [
    ['one call of the function fails, and its retry does not', { 'ExecuteProcessing.Success': once(60, 0, 1) }, 'never'],
    ['each call fails', { 'ExecuteProcessing.Success': from(60, 0, 1) }, 74],
    ['nothing comes', { 'ExecuteProcessing.Success': always(undefined) }, 'never'],
  ],
  FailedRecords: [
    ['the first record that can never be processed', { FailedRecords: once(60, 1) }, 60],
    ['every record is processed', { FailedRecords: always(undefined) }, 'never'],
  ],
  KinesisMillisBehindLatest: [
    ['the delivery falls behind by a minute each minute', { KinesisMillisBehindLatest: always(0).map((_, minute) => minute * 60_000) }, 60],
    ['the delivery keeps up', { KinesisMillisBehindLatest: always(900) }, 'never'],
  ],
  'FailedConversion.Records': [
    ['the first record that does not fit the table', { 'FailedConversion.Records': once(60, 1) }, 60],
    ['every record fits', { 'FailedConversion.Records': always(0) }, 'never'],
  ],
  PartitionCountExceeded: [
    ['events of more partitions than Firehose keeps', { PartitionCountExceeded: once(60, 1, 0) }, 60],
    ['events of a few partitions', { PartitionCountExceeded: always(0) }, 'never'],
    ['nothing comes', { PartitionCountExceeded: always(undefined) }, 'never'],
  ],
};
