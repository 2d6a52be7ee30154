// docs:start
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * A contract of your own for what is in an event.
 *
 * API Gateway answers an event whose data breaks your schema with 400 and the reason: it never reaches the stream. The schema is
 * JSON Schema draft 4, which API Gateway supports, and includes the contract for all events.
 */
export class OwnContract extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const data = {
      type: 'object',
      properties: { celsius: { type: 'number', minimum: -273.15 }, press: { type: 'string', maxLength: 20 } },
      required: ['celsius', 'press'],
    };

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', {
      sink: buffer,
      eventSchema: { ...eventSchema, properties: { ...eventSchema.properties, data }, required: [...eventSchema.required, 'data'] },
    });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
