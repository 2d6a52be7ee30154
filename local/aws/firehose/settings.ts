import { RefusedError } from '../../platform';
import type { Resource, Stack } from '../../template/stack';

/** The settings of a delivery stream in the template. */
export interface DeliverySettings {
  readonly name: string;
  /** The ARN of the stream that it reads. Without one, senders put records. */
  readonly sourceArn?: string;
  readonly bucketArn: string;
  readonly prefix: string;
  readonly errorPrefix: string;
  readonly intervalSeconds: number;
  readonly sizeMiB: number;
  readonly compressed: boolean;
  readonly extension: string;
  /** Whether a line break is added to each record. */
  readonly delimited: boolean;
  readonly transform?: TransformSettings;
}

/** The function that records pass. */
export interface TransformSettings {
  readonly retries: number;
  readonly sizeMiB: number;
  readonly intervalSeconds: number;
}

const S3 = 'ExtendedS3DestinationConfiguration';
const PROCESSORS = `${S3}.ProcessingConfiguration.Processors`;

/** Read a delivery stream. Call it after the names of all resources that it refers to are set. */
export function readDelivery(stack: Stack, resource: Resource, name: string): DeliverySettings {
  const text = (property: string, otherwise = '') =>
    stack.value(resource, property) === undefined ? otherwise : stack.string(resource, property);
  const processors = processorsOf(resource);
  const unknown = processors.find(({ type }) => type !== 'Lambda' && type !== 'AppendDelimiterToRecord');
  if (unknown)
    throw new RefusedError(`${resource.id}.${PROCESSORS}`, `only Lambda and AppendDelimiterToRecord are emulated, got ${unknown.type}.`);
  const lambda = processors.find(({ type }) => type === 'Lambda')?.parameters;
  const compressed = text(`${S3}.CompressionFormat`) === 'GZIP';
  return {
    name,
    sourceArn: text('KinesisStreamSourceConfiguration.KinesisStreamARN') || undefined,
    bucketArn: stack.string(resource, `${S3}.BucketARN`),
    prefix: text(`${S3}.Prefix`, '!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/'),
    errorPrefix: text(`${S3}.ErrorOutputPrefix`),
    intervalSeconds: stack.number(resource, `${S3}.BufferingHints.IntervalInSeconds`, 300),
    sizeMiB: stack.number(resource, `${S3}.BufferingHints.SizeInMBs`, 5),
    compressed,
    extension: text(`${S3}.FileExtension`, compressed ? '.gz' : ''),
    delimited: processors.some(({ type }) => type === 'AppendDelimiterToRecord'),
    transform: lambda && {
      retries: Number(lambda.NumberOfRetries ?? 3),
      sizeMiB: Number(lambda.BufferSizeInMBs ?? 1),
      intervalSeconds: Number(lambda.BufferIntervalInSeconds ?? 60),
    },
  };
}

/** The logical ids of the functions that a delivery stream calls. */
export function functionsIn(stack: Stack, resource: Resource): string[] {
  const text = JSON.stringify(processorsOf(resource));
  return stack.all('AWS::Lambda::Function').flatMap(({ id }) => (text.includes(`"${id}"`) ? [id] : []));
}

/** The processors as they are in the template: the roles in them have no value here. */
function processorsOf({ properties }: Resource): { type: string; parameters: Readonly<Record<string, unknown>> }[] {
  const { [S3]: destination } = properties as { [S3]?: { ProcessingConfiguration?: { Processors?: readonly Processor[] } } };
  return (destination?.ProcessingConfiguration?.Processors ?? []).map(({ Type, Parameters = [] }) => ({
    type: Type,
    parameters: Object.fromEntries(Parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue])),
  }));
}

interface Processor {
  readonly Type: string;
  readonly Parameters?: readonly { readonly ParameterName: string; readonly ParameterValue: unknown }[];
}
