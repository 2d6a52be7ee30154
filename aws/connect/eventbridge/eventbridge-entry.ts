import { Aws, Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Archive, EventBus, type EventPattern, type IEventBus } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  type Removal,
  requireOneOf,
  requireText,
  requireTime,
  SettingError,
  type TextRule,
  type TimeRule,
} from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';
import { requireStandardQueue } from '../../foundation/dead-letter-queue';
import { requirePattern } from '../../foundation/event-pattern';
import { EventRule } from '../../foundation/events/event-rule';
import { requireHome } from '../../foundation/home';
import { removalPolicyOf } from '../../foundation/removal';
import type { RecordSink } from '../../ports/records';

const ARCHIVE: TimeRule = { from: 1, to: 3650, unit: 'days', remedy: "Write it like Duration.days(30), or 'none' for no archive." };
const PARTNER: TextRule = {
  pattern: /^aws\.partner(\/[.\-_A-Za-z0-9]+){2,}$/,
  must: 'be the name of a partner event source',
  remedy: 'See aws events list-event-sources.',
};

/** Settings for {@link EventBridgeEntry}. */
export interface EventBridgeEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /**
   * Where the events come from: `own` is a new bus for your applications, `aws` is the default bus of the account with the events
   * of AWS services, and an existing bus of this account and region can be given. Another value replaces the rule and the archive.
   * @default own
   */
  readonly bus?: 'own' | 'aws' | IEventBus;
  /**
   * The name of a partner event source instead of `bus`, such as `aws.partner/example.com/42/orders`. The partner creates the source
   * in your account before the deploy, and the deploy accepts it.
   * @default - no partner
   * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html
   */
  readonly partnerSource?: string;
  /**
   * Which events of the bus become records. With the bus `aws` it must name a `source`. Events that do not match are dropped.
   * @default - every event of an own bus or of a partner
   */
  readonly pattern?: EventPattern;
  /**
   * Whether `detail` is an event of the contract already. If not, it becomes the `data` of one, with the id, source, type and time
   * of EventBridge.
   * @default false
   */
  readonly isCloudEvent?: boolean;
  /**
   * How long an archive keeps the matching events for a replay, from 1 to 3650 days. A replayed event is a new record: stores
   * without a key by event id have it twice.
   * @default 30 days
   */
  readonly archive?: Duration | 'none';
  /**
   * An existing standard queue, created in this app, for events that could not be put into the buffer for 24 hours.
   * @default - a new queue with a retention of 14 days
   */
  readonly deadLetterQueue?: IQueue;
  /**
   * What happens to the archive, the new bus with it, and the dead letters when the stack is deleted. `destroy` also requires the
   * context `destroyData`. A retained bus keeps its name: before the same stack is deployed again, delete it or give it as `bus`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Connect stage: events of applications, of AWS services or of a SaaS partner become records of a buffer without code. An archive
 * keeps them for a replay, and what the buffer does not take for a day goes to a dead letter.
 *
 * Not for order, which EventBridge does not keep, nor for events over 256 KiB. An event can come twice. Not for many small events: a
 * million costs one dollar, and Kinesis costs less from a few hundred events a second.
 *
 * Idle it costs only its alarms. Events of AWS services are mostly free; those of applications and partners cost one dollar a million,
 * and the archive ten cents for each GB. A deploy changes the pattern in place. If the construct gets another scope or id, a deploy
 * creates a new bus, and the old one is retained with its archive.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html
 */
export class EventBridgeEntry extends Construct {
  /** The new or the given bus, for anything this construct does not cover. */
  readonly bus: IEventBus;
  /** The archive of the matching events, if there is one. */
  readonly archive?: Archive;
  /** Events that could not be put into the buffer, as EventBridge sent them. */
  readonly deadLetterQueue: IQueue;
  /** A command that puts one event on the bus. It needs a permission such as `grantSend`. Only a partner puts events on its bus. */
  readonly sendCommand: string;
  /** Events that were not put into the buffer, or are lost. They have no action yet. */
  readonly alarms: readonly Alarm[];

  private readonly isPartner: boolean;

  constructor(scope: Construct, id: string, props: EventBridgeEntryProps) {
    super(scope, id);
    const { bus = 'own', partnerSource, isCloudEvent = false, archive = Duration.days(30), deadLetterQueue } = props;
    if (typeof bus === 'object' && bus !== null) {
      requireHome(this, { bus }, 'Send the events of the other bus to one of this account and region.');
      if (bus.eventBusName === 'default') {
        throw new SettingError(this, 'bus must be aws for the default bus', 'a bus with its name', "Write it like bus: 'aws'.");
      }
    } else requireOneOf(this, { bus }, ['own', 'aws'], 'Or give a bus, such as one of EventBus.fromEventBusName.');
    if (partnerSource !== undefined) requireText(this, { partnerSource }, PARTNER);
    if (partnerSource !== undefined && props.bus !== undefined) {
      throw new SettingError(this, 'partnerSource has a bus of its own', 'bus beside it', 'Leave bus out.');
    }
    requireOneOf(this, { isCloudEvent }, [true, false], 'With true, detail must be an event of the contract.');
    if (archive !== 'none') requireTime(this, { archive }, ARCHIVE);
    requireStandardQueue(this, { deadLetterQueue }, 'EventBridge sends to standard queues.');
    const pattern = patternOf(this, bus, props);
    const removalPolicy = removalPolicyOf(this, props.removal);
    this.isPartner = partnerSource !== undefined;

    this.bus = typeof bus === 'object' ? bus : busOf(this, bus, partnerSource);
    if (archive !== 'none') {
      this.archive = new Archive(this, 'Archive', { sourceEventBus: this.bus, eventPattern: pattern, retention: archive });
      this.archive.applyRemovalPolicy(removalPolicy);
      // EventBridge deletes no bus with rules, and an archive has a rule.
      if (this.bus instanceof EventBus && bus !== this.bus) this.bus.applyRemovalPolicy(removalPolicy);
    }
    const ofBus = bus === 'aws' ? undefined : this.bus;
    const rule = new EventRule(this, 'Events', { pattern, bus: ofBus, sink: props.sink, isCloudEvent, deadLetterQueue, removalPolicy });
    this.deadLetterQueue = rule.deadLetterQueue;
    this.alarms = rule.alarms;
    answerCommonFindings(this);
    this.sendCommand = commandFor(this.bus, isCloudEvent);
  }

  /**
   * Allow `grantee` to put events on the bus, and nothing else.
   * @throws SettingError for the bus of a partner
   */
  grantSend(grantee: IGrantable): Grant {
    if (this.isPartner) {
      const remedy = 'Create another entry with an own bus for your applications.';
      throw new SettingError(this, 'grantSend requires a bus for applications', 'the bus of a partner, which alone sends to it', remedy);
    }
    return Grant.addToPrincipal({ grantee, actions: ['events:PutEvents'], resourceArns: [this.bus.eventBusArn] });
  }
}

function busOf(entry: Construct, bus: 'own' | 'aws', eventSourceName?: string): IEventBus {
  if (bus === 'aws') return EventBus.fromEventBusName(entry, 'Bus', 'default');
  return new EventBus(entry, 'Bus', { eventSourceName });
}

/** The command line of AWS reads entries as JSON: in its short form, a value that starts with a brace is an error. */
function commandFor({ eventBusName }: IEventBus, isCloudEvent: boolean): string {
  const [DetailType, data] = ['com.example.order.placed', { order: 1 }];
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/shop',
    type: DetailType,
    time: '2026-01-31T08:30:00Z',
    subject: 'customer-1',
    data,
  };
  const Detail = JSON.stringify(isCloudEvent ? event : data);
  return `aws events put-events --entries '${JSON.stringify([{ EventBusName: eventBusName, Source: 'com.example.shop', DetailType, Detail }])}'`;
}

/** The events that become records: the given pattern, or one for every event. */
function patternOf(entry: Construct, bus: 'own' | 'aws' | IEventBus, { pattern, partnerSource }: EventBridgeEntryProps): EventPattern {
  const { detailType, ...others } = pattern ?? {};
  requirePattern(entry, {
    pattern: pattern && (typeof pattern === 'object' && detailType ? { ...others, 'detail-type': detailType } : pattern),
  });
  if (bus === 'aws' && !pattern?.source) {
    const remedy = "Write it like { source: ['aws.s3'], detailType: ['Object Created'] }: every change in the account is an event there.";
    throw new SettingError(entry, 'pattern must name a source with the bus aws', pattern ? 'one without' : 'none', remedy);
  }
  if (pattern) return pattern;
  return partnerSource === undefined ? { account: [Aws.ACCOUNT_ID] } : { source: [partnerSource] };
}
