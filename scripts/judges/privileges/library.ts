import type { LibraryCall } from './handler-calls';
import type { Symbolic } from './symbols';

/** What a call asks of a cloud. */
export interface Ask {
  readonly may: string;
  /** The resource, as the settings of the handler name it. */
  readonly on: string;
  /** The address that the request goes to, where the handler makes it itself. */
  readonly address?: string;
}

/** What a call asks for, or nothing where it is not known. */
export function asksOf(call: LibraryCall): readonly Ask[] | undefined {
  return ASKS[call.target]?.(call) ?? (HARMLESS.has(call.target) ? [] : undefined);
}

/** Calls that ask nothing of a cloud: they make a client, name a resource, or work on what is at hand. */
const HARMLESS = new Set([
  'lossless-json parse.parse',
  'lossless-json stringify.stringify',
  'lossless-json utils.isInteger',
  '@aws-sdk/client-rds-data RDSDataClient',
  '@aws-sdk/client-s3 S3Client',
  '@aws-sdk/client-sqs SQSClient',
  '@types/aws-lambda Context.getRemainingTimeInMillis',
  // What is sent is a command, and each command stands for itself below.
  '@smithy/core Client.send',
  '@azure/functions app.generic',
  '@azure/functions InvocationContext.error',
  '@azure/functions InvocationContext.info',
  '@azure/identity ManagedIdentityCredential',
  '@azure/storage-blob ContainerClient',
  '@azure/storage-blob ContainerClient.getBlockBlobClient',
  '@google-cloud/bigquery-storage proto.convertStorageSchemaToProto2Descriptor',
  '@google-cloud/bigquery-storage JSONWriter',
  // Rows go over the connection, which is what needs the permission.
  '@google-cloud/bigquery-storage JSONWriter.appendRows',
  '@google-cloud/bigquery-storage PendingWrite.getResult',
  '@google-cloud/bigquery-storage StreamConnection.onConnectionError',
  '@google-cloud/bigquery-storage StreamConnection.onSchemaUpdated',
  '@google-cloud/bigquery-storage WriterClient',
  '@google-cloud/bigquery-storage WriterClient.close',
  '@google-cloud/bigquery-storage WriterClient.getClient',
  '@google-cloud/bigquery-storage WriterClient.setClient',
  '@grpc/grpc-js ChannelCredentials.createInsecure',
]);

/** What the other calls take. Each page says which permission an operation needs. */
const ASKS: Readonly<Record<string, (call: LibraryCall) => readonly Ask[] | undefined>> = {
  // The right is given for what starts with a prefix. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
  '@aws-sdk/client-s3 PutObjectCommand': ({ arguments: [input] }) => [
    { may: 's3:PutObject', on: `${part(input, 'Bucket')}/${part(input, 'Key').replace(/(?<=^\{\w+\}).*/, '*')}` },
  ],
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  '@aws-sdk/client-sqs SendMessageCommand': ({ arguments: [input] }) => [{ may: 'sqs:SendMessage', on: part(input, 'QueueUrl') }],
  // https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
  '@aws-sdk/client-rds-data ExecuteStatementCommand': ({ arguments: [input] }) => [
    { may: 'rds-data:ExecuteStatement', on: part(input, 'resourceArn') },
    { may: 'secretsmanager:GetSecretValue', on: part(input, 'secretArn') },
  ],

  // https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger#connections
  '@azure/functions trigger.generic': ({ arguments: [options] }) =>
    part(options, 'type') === 'eventHubTrigger'
      ? [{ may: 'data:Microsoft.EventHub/*/receive/action', on: part(options, 'eventHubName').replace(/^%(\w+)%$/, '{$1}') }]
      : undefined,
  // https://learn.microsoft.com/rest/api/storageservices/put-blob#permissions
  '@azure/storage-blob BlockBlobClient.upload': ({ receiver }) => [
    { may: 'data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write', on: textOf(receiver) },
  ],

  // https://cloud.google.com/bigquery/docs/write-api-streaming#required_permissions
  '@google-cloud/bigquery-storage WriterClient.getWriteStream': ({ arguments: [request] }) => [
    { may: 'bigquery.tables.get', on: part(request, 'streamId') },
  ],
  '@google-cloud/bigquery-storage WriterClient.createStreamConnection': ({ arguments: [request] }) => [
    { may: 'bigquery.tables.updateData', on: part(request, 'streamId') },
  ],
  'google-auth-library GoogleAuth.request': ({ arguments: [options] }) => rest(part(options, 'method'), part(options, 'url')),
  '@types/node fetch.fetch': ({ arguments: [url, options] }) => rest(part(options, 'method'), textOf(url)),
};

/** What a request takes that a handler makes by hand. */
function rest(method: string, address: string): readonly Ask[] | undefined {
  const [, topic] = /^https?:\/\/[^/]+\/v1\/(.+):publish$/.exec(address) ?? [];
  // https://cloud.google.com/pubsub/docs/access-control#required_permissions
  return method === 'POST' && topic ? [{ may: 'pubsub.topics.publish', on: topic, address }] : undefined;
}

function part(value: Symbolic | undefined, key: string): string {
  return typeof value === 'object' ? textOf(value[key]) : '*';
}

function textOf(value: Symbolic | undefined): string {
  return typeof value === 'string' ? value : '*';
}
