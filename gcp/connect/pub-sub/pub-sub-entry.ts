import { type ITerraformIterator, TerraformIterator } from 'cdktf';
import { Construct } from 'constructs';
import { sendCommand } from '../../../shared/synth/send-command';
import { requireTexts, type TextRule } from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';

const MEMBER: TextRule = {
  pattern: /^(user|group|domain|serviceAccount|principal|principalSet):\S+$/,
  must: 'be IAM members that name somebody',
  remedy: 'Write them like serviceAccount:press@project.iam.gserviceaccount.com. allUsers and allAuthenticatedUsers are the public.',
};

/** Settings for {@link PubSubEntry}. */
export interface PubSubEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /**
   * Who may send, and nothing else: IAM members such as `serviceAccount:press@project.iam.gserviceaccount.com`. Terraform
   * must know them when it plans, so give a service account of the same stack to `sink.bindWriter` instead.
   * @default - nobody
   */
  readonly publishers?: readonly string[];
}

/**
 * Connect stage: the HTTPS address of the topic itself, and who may send to it. Senders sign in with Google; those
 * outside of Google Cloud do so through workload identity federation, without a key.
 *
 * Nothing checks an event on its way in: one that breaks the contract is answered with 200, and ends in the dead letter.
 * Not for senders that cannot get a token of Google, nor for browsers (no CORS). One request takes 10 MB and 1000 events.
 * @see https://cloud.google.com/pubsub/docs/publisher
 */
export class PubSubEntry extends Construct {
  /** The address that takes events by POST, and answers with 200. */
  readonly url: string;
  /** A command that sends one event, as whoever is signed in to the Google Cloud CLI. */
  readonly curl: string;

  constructor(scope: Construct, id: string, props: PubSubEntryProps) {
    super(scope, id);
    requireTexts(this, { publishers: props.publishers }, MEMBER);
    const publishers = [...(props.publishers ?? [])];

    if (publishers.length > 0) props.sink.bindWriter(new Publishers(this, 'Publishers', publishers), 'EVENTS');
    const { sendRequest } = props.sink;
    this.url = sendRequest.url;
    this.curl = sendCommand(sendRequest, 'gcloud auth print-access-token');
  }
}

/** All publishers as one writer, with a grant for each. */
class Publishers extends Construct implements Workload {
  readonly name = 'publishers';
  readonly member: string;
  readonly forEach: ITerraformIterator;

  constructor(scope: Construct, id: string, publishers: string[]) {
    super(scope, id);
    const each = TerraformIterator.fromList(publishers);
    this.member = each.value;
    this.forEach = each;
  }
}
