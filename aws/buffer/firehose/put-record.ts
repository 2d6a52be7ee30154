import type { PutRecordRequest } from '../../ports/records';

/**
 * The request that puts one record into a delivery stream.
 * @param dataBase64 an expression of the template language that yields the record in base64
 * @see https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecord.html
 */
export function putRecord(name: string, dataBase64: string, waitFor: PutRecordRequest['waitFor']): PutRecordRequest {
  return {
    waitFor,
    service: 'firehose',
    action: 'PutRecord',
    contentType: 'application/x-amz-json-1.1',
    body: `{"DeliveryStreamName":"${name}","Record":{"Data":"${dataBase64}"}}`,
    receipt: 'RecordId',
    // A record of more than 1,000 KiB is an invalid argument.
    statusOfError: { ServiceUnavailableException: 429, InvalidArgumentException: 413 },
  };
}
