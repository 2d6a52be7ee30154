import { Aws } from 'aws-cdk-lib';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { DeliveryTable, DeliveryTarget } from '../../ports/delivery';
import type { Buffering } from './delivery-settings';

const HOUR_FOLDER = 'year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/';

type S3Destination = CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty;
type Processor = CfnDeliveryStream.ProcessorProperty;

/** What a destination is made from. */
export interface Destination extends Buffering {
  readonly target: DeliveryTarget;
  readonly table?: DeliveryTable;
  readonly roleArn: string;
  readonly functionArn?: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/**
 * The configuration with which Firehose writes objects: in folders of the hour, in the Hive format that query engines read. What
 * cannot be delivered is in a folder for each kind of error, under the failed prefix.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
 */
export function destinationOf({ target, table, roleArn, functionArn, partitionBy, ...given }: Destination): S3Destination {
  const names = Object.keys(partitionBy);
  const folders = names.map((name) => `${name}=!{partitionKeyFromQuery:${name}}/`).join('');
  const processors = [
    ...(functionArn === undefined ? [] : [lambda(functionArn, roleArn)]),
    ...(names.length === 0 ? [] : [extraction(partitionBy)]),
    // Without it, no line ends between two records, and query engines cannot read the object.
    ...(table ? [] : [{ type: 'AppendDelimiterToRecord', parameters: [] }]),
  ];
  return {
    bucketArn: target.bucketArn,
    roleArn,
    prefix: `${target.prefix}${folders}${HOUR_FOLDER}`,
    errorOutputPrefix: `${target.failedPrefix}!{firehose:error-output-type}/${HOUR_FOLDER}`,
    bufferingHints: { intervalInSeconds: given.bufferInterval.toSeconds(), sizeInMBs: given.bufferMiB },
    ...(table ? { dataFormatConversionConfiguration: conversionTo(table, roleArn) } : { fileExtension: '.ndjson.gz' }),
    compressionFormat: table ? 'UNCOMPRESSED' : 'GZIP',
    ...(names.length > 0 && { dynamicPartitioningConfiguration: { enabled: true, retryOptions: { durationInSeconds: 300 } } }),
    processingConfiguration: { enabled: processors.length > 0, processors },
    cloudWatchLoggingOptions: { enabled: true, logGroupName: given.logGroupName, logStreamName: given.logStreamName },
  };
}

/**
 * Parquet, compressed with Snappy. Names of JSON keep their case: by default Firehose changes all to lower case, also within the
 * text of a column.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
 */
function conversionTo(
  { databaseName, tableName }: DeliveryTable,
  roleArn: string,
): CfnDeliveryStream.DataFormatConversionConfigurationProperty {
  return {
    enabled: true,
    inputFormatConfiguration: { deserializer: { openXJsonSerDe: { caseInsensitive: false } } },
    outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
    schemaConfiguration: { catalogId: Aws.ACCOUNT_ID, databaseName, tableName, region: Aws.REGION, roleArn, versionId: 'LATEST' },
  };
}

/** Small calls keep the response below the limit of Lambda, also where a transform makes records larger. */
function lambda(functionArn: string, roleArn: string): Processor {
  return processor('Lambda', {
    LambdaArn: functionArn,
    RoleArn: roleArn,
    NumberOfRetries: '3',
    BufferSizeInMBs: '1',
    BufferIntervalInSeconds: '60',
  });
}

/** In parentheses, because jq refuses operators in the value of an object: `{ tenant: .tenant // "none" }`. */
function extraction(partitionBy: Buffering['partitionBy']): Processor {
  const query = Object.entries(partitionBy).map(([name, expression]) => `${name}:(${expression})`);
  return processor('MetadataExtraction', { MetadataExtractionQuery: `{${query.join(',')}}`, JsonParsingEngine: 'JQ-1.6' });
}

function processor(type: string, parameters: Readonly<Record<string, string>>): Processor {
  return {
    type,
    parameters: Object.entries(parameters).map(([parameterName, parameterValue]) => ({ parameterName, parameterValue })),
  };
}
