import { Construct } from 'constructs';
import { sendCommand } from '../../../shared/synth/send-command';
import { requireTexts } from '../../../shared/synth/settings';
import { MEMBERS, Principals } from '../../foundation/principal';
import type { RecordSink } from '../../ports/records';

/** Settings for {@link PubSubEntry}. */
export interface PubSubEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /**
   * Who may send, and nothing else: IAM members such as `serviceAccount:press@project.iam.gserviceaccount.com`. Terraform
   * must know them when it plans. For a service account of the same stack, use `sink.bindWriter` instead.
   * @default - nobody
   */
  readonly publishers?: readonly string[];
}

/**
 * Connect stage: the HTTPS address of the topic itself, and who may send to it. Senders need a Google access token. Senders
 * outside of Google Cloud get one through workload identity federation, without a key.
 *
 * Without `schema` of the buffer, Pub/Sub does not validate events: one that breaks the contract is answered with 200, and goes to the
 * dead letter. It costs nothing beside the topic.
 * Do not use it for senders that cannot get a Google access token, or for browsers (no CORS). One request may have 10 MB and
 * 1000 events.
 * @see https://cloud.google.com/pubsub/docs/publisher
 */
export class PubSubEntry extends Construct {
  /** The address that accepts events by POST, and answers with 200. */
  readonly url: string;
  /** A command that sends one event, as the user who is signed in to the Google Cloud CLI. */
  readonly curl: string;

  constructor(scope: Construct, id: string, props: PubSubEntryProps) {
    super(scope, id);
    requireTexts(this, { publishers: props.publishers }, MEMBERS);
    const publishers = [...(props.publishers ?? [])];

    if (publishers.length > 0) props.sink.bindWriter(new Principals(this, 'Publishers', 'publishers', publishers), 'EVENTS');
    const { sendRequest } = props.sink;
    this.url = sendRequest.url;
    this.curl = sendCommand(sendRequest, 'gcloud auth print-access-token');
  }
}
