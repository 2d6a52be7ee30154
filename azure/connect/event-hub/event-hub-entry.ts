import { Fn, type ITerraformIterator, type MapTerraformIterator, TerraformIterator, Token } from 'cdktf';
import { Construct } from 'constructs';
import { sendCommand } from '../../../shared/synth/send-command';
import { requireOneOf, requireText, type TextRule } from '../../../shared/synth/settings';
import { OBJECT_ID } from '../../foundation/rules';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';

const SENDER: TextRule = {
  pattern: OBJECT_ID,
  must: 'be object ids',
  remedy: 'Find it with az ad user show, az ad group show or az ad sp show.',
};

/** Settings for {@link EventHubEntry}. */
export interface EventHubEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /**
   * Who may send, and nothing else: the object id of a user, a group or the service principal of an application, with its
   * type. Terraform must know the ids when it plans. For an identity of the same stack, use `sink.bindWriter` instead.
   * @default - nobody
   */
  readonly senders?: Readonly<Record<string, Workload['principalType']>>;
}

/**
 * Connect stage: the HTTPS address of the hub itself, and who may send to it. Senders sign in with Microsoft Entra ID.
 *
 * Event Hubs does not validate events: an event that breaks the contract is answered with 201, and goes to the dead letter.
 * Events with the same `partitionkey` stay in order if the sender also sets the key in the header `BrokerProperties`, as
 * {@link EventHubEntry.curl} does: `{"PartitionKey":"press-7"}`, at most 128 characters. Without the header, each event may
 * go to another partition.
 * Kafka clients send to the same hub, on port 9093, with a token for `https://NAMESPACE.servicebus.windows.net`.
 * Do not use it for senders that cannot get a Microsoft Entra token, or for browsers (no CORS).
 * @see https://learn.microsoft.com/rest/api/eventhub/send-event
 */
export class EventHubEntry extends Construct {
  /** The address that accepts one event by POST, and answers with 201. */
  readonly url: string;
  /** A command that sends one event, as the user who is signed in to the Azure CLI. */
  readonly curl: string;

  constructor(scope: Construct, id: string, props: EventHubEntryProps) {
    super(scope, id);
    const senders = props.senders ?? {};
    const known = Token.isUnresolved(senders) ? [] : Object.entries(senders);
    for (const [principalId, principalType] of known) {
      requireText(this, { senders: principalId }, SENDER);
      requireOneOf(this, { senders: principalType }, ['User', 'Group', 'ServicePrincipal'], 'It is the type of the object id.');
    }

    if (Token.isUnresolved(senders) || known.length > 0) props.sink.bindWriter(new Senders(this, 'Senders', senders), 'EVENTS');
    const { sendRequest } = props.sink;
    this.url = sendRequest.url;
    const token = `az account get-access-token --resource ${sendRequest.audience} --query accessToken --output tsv`;
    this.curl = sendCommand(sendRequest, token);
  }
}

/** All senders as one writer, with a role assignment for each. */
class Senders extends Construct implements Workload {
  readonly name = 'senders';
  readonly principalId: string;
  readonly principalType: Workload['principalType'];
  readonly forEach: ITerraformIterator;

  constructor(scope: Construct, id: string, senders: Readonly<Record<string, string>>) {
    super(scope, id);
    const each: MapTerraformIterator = TerraformIterator.fromMap(senders);
    // Azure returns ids in lower case. With another case, every apply would replace the role assignment.
    this.principalId = Fn.lower(each.key);
    this.principalType = each.value;
    this.forEach = each;
  }
}
