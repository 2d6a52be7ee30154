import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { StorageNotification } from '@cdktf/provider-google/lib/storage-notification';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { needApis } from '../../foundation/apis';
import { SHORT_TEXT } from '../../foundation/short-text';
import type { MessageTransform, NotificationSink } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/**
 * Turns a notification of Cloud Storage into an event of the contract. An object has one generation for each time it is written, so
 * its name and its generation are the id; a name that is too long for an id is replaced by a hash. Messages of other senders stay as
 * they are. A notification that cannot be read is not published, so Cloud Storage sends it again.
 * @see https://cloud.google.com/storage/docs/pubsub-notifications#format
 */
export const EVENT_OF_OBJECT: MessageTransform = {
  functionName: 'eventOfObject',
  code: `function eventOfObject(message, metadata) {
  const told = message.attributes || {};
  if (told.payloadFormat !== 'JSON_API_V1' || told.eventType !== 'OBJECT_FINALIZE') return message;
  ${SHORT_TEXT}
  const name = told.objectId;
  const event = {
    specversion: '1.0',
    id: short(name, 100) + '#' + told.objectGeneration,
    source: '//storage.googleapis.com/projects/_/buckets/' + told.bucketId,
    type: 'google.cloud.storage.object.v1.finalized',
    time: told.eventTime,
    subject: fits(name, 1000) ? 'objects/' + name : null,
    data: JSON.parse(message.data),
  };
  return { data: JSON.stringify(event), attributes: {} };
}
`,
};

/** Settings for {@link ObjectNotification}. */
export interface ObjectNotificationProps {
  readonly site: Site;
  /** The name of the bucket. */
  readonly bucket: string;
  /** The start of the names of the objects. */
  readonly prefix: string;
  /** The address of the notification in the state. */
  readonly address: string;
  /** Where the events go. */
  readonly sink: NotificationSink;
}

/**
 * Part of the Store stage: the events of new objects, which the Cloud Storage service agent of the project publishes.
 * @see https://cloud.google.com/storage/docs/pubsub-notifications
 */
export class ObjectNotification extends Construct implements Workload {
  readonly name = 'created-objects';
  readonly member: string;
  readonly project: string;
  readonly notification: StorageNotification;

  constructor(scope: Construct, id: string, { site, bucket, prefix, address, sink }: ObjectNotificationProps) {
    super(scope, id);
    needApis(this, 'storage', 'pubsub');
    this.project = site.project;
    this.member = new DataGoogleStorageProjectServiceAccount(this, 'Agent', {
      project: site.project,
      dependsOn: [...site.waitFor],
    }).member;
    const { topic, waitFor } = sink.bindNotifications(this, EVENT_OF_OBJECT);
    this.notification = new StorageNotification(this, 'Resource', {
      bucket,
      topic,
      payloadFormat: 'JSON_API_V1',
      eventTypes: ['OBJECT_FINALIZE'],
      objectNamePrefix: prefix,
      dependsOn: [...waitFor],
    });
    // Deleted and created again at another address, it would miss the objects in between.
    keepAddress(this.notification, address);
  }
}
