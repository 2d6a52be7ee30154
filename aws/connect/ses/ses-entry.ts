import { Aws, type Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IRole } from 'aws-cdk-lib/aws-iam';
import type { ConfigurationSet, IEmailIdentity, IReceiptRuleSet } from 'aws-cdk-lib/aws-ses';
import { EmailIdentity, Identity, MailFromBehaviorOnMxFailure } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { type Removal, requireAbsent, requireOneOf, requireResource, requireTime, type TimeRule } from '../../../shared/synth/settings';
import { answerCommonFindings } from '../../foundation/answers';
import { removalPolicyOf } from '../../foundation/removal';
import type { Binding, Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { BucketStore } from '../../ports/stores';
import { requireOneActive } from './active-rule-set';
import { type DnsRecord, recordsOf } from './dns';
import { Inbound } from './inbound';
import type { MailFunction } from './mail-function';
import { Outbound } from './outbound';
import { requireAddresses, requireRegion } from './ses-settings';

const SILENCE: TimeRule = { from: 1, to: 24, unit: 'hours', remedy: 'CloudWatch counts over at most a day.' };
const ON_OFF = [true, false];

/** Settings for {@link SesEntry}. */
export interface SesEntryProps {
  /** The domain that mails are received for and sent from, in lower case. Its DNS records are listed in `dnsRecords`. */
  readonly domain: string;
  /** Where mails are stored as they came, one object for each. Readers find the key of the object in the event. */
  readonly store: BucketStore;
  /** The buffer that gets an event for each received mail, and for each bounce and complaint: an SQS queue or a Kinesis stream. */
  readonly sink: RecordSink;
  /**
   * The addresses that receive mail: an address, a domain, or with a dot in front all subdomains. Mail for others is rejected.
   * @default - every address of the domain
   */
  readonly recipients?: readonly string[];
  /**
   * Whether mails are rejected that are not sent over TLS. Without it, anyone on the way can read and change such mails.
   * @default true
   */
  readonly requireTls?: boolean;
  /**
   * Whether SES scans mails for spam and viruses. It rejects none: the verdicts are in the event, and its reader decides.
   * @default true
   */
  readonly scan?: boolean;
  /**
   * What a deploy does while another rule set is active, because an account and region has only one: `ifFree` fails and names the other
   * one, `replace` deactivates it, so that mails for its domains are rejected, and `byHand` activates nothing. A change to `byHand`
   * deactivates the rule set: activate it after the deploy, or mails are rejected.
   * @default ifFree
   */
  readonly activation?: 'ifFree' | 'replace' | 'byHand';
  /**
   * An existing rule set, to whose start the rule is added, such as `ruleSet` of another entry. Whoever made it activates it.
   * @default - a new rule set
   */
  readonly ruleSet?: IReceiptRuleSet;
  /**
   * An existing identity of the domain, or of a domain above it. Its settings and its DNS records do not change.
   * @default - a new identity, which SES verifies when the DNS records exist
   */
  readonly identity?: IEmailIdentity;
  /**
   * The subdomain for bounces of sent mails (MAIL FROM). With it, the SPF check of receivers is about this domain, as DMARC requires.
   * @default - mail. and the domain
   */
  readonly mailFrom?: string;
  /**
   * The address that workloads may send from.
   * @default - no-reply@ and the domain
   */
  readonly from?: string;
  /**
   * The time without any mail after which an alarm is raised, from 1 to 24 hours. No other alarm shows that the MX record is wrong, or that
   * somebody has activated another rule set.
   * @default - no such alarm
   */
  readonly maxSilence?: Duration;
  /**
   * What happens to the identity and to events that could not be delivered when the stack is deleted. `destroy` also requires the
   * context `destroyData`. A deleted identity loses its DKIM keys: mails that are sent bounce until the new DNS records exist.
   * Before the same domain is deployed again, give a retained identity as `identity`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Connect stage: receives mails for a domain, stores each as it came, and puts an event with its sender, recipients, subject,
 * verdicts, names of attachments and key into a buffer. Workloads may send mails from the domain, and each bounce and complaint
 * becomes an event too.
 *
 * Not for mailboxes that people read: use WorkMail. Not for mails over 40 MB: SES rejects them. A new account is in the sandbox: it
 * receives all mails, and sends 200 a day to verified addresses only, until AWS Support grants production access.
 *
 * Idle it costs the polls of Lambda and its alarms, less than three dollars a month. A million received mails cost about
 * 110 dollars. Another `domain` replaces the identity; a rule set that is replaced receives nothing until the new one is active.
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email.html
 */
export class SesEntry extends Construct implements Workload {
  /** The role with which SES writes mails to the store. */
  readonly role: IRole;
  /** The new or the given identity. */
  readonly identity: IEmailIdentity;
  /** The new or the given rule set. Give it to other entries of the account and region. */
  readonly ruleSet: IReceiptRuleSet;
  /** Required to send: a mail that is sent without it does not count here. */
  readonly configurationSet: ConfigurationSet;
  /** The function that makes the events, with its retries and their dead letter. */
  readonly mail: MailFunction;
  /** The DNS records of the domain. Without them, nothing is received or sent. */
  readonly dnsRecords: readonly DnsRecord[];
  /** Mails that could not be stored or became no event, bounces that are too many, and silence. They have no action yet. */
  readonly alarms: readonly Alarm[];
  private readonly from: string;

  constructor(scope: Construct, id: string, props: SesEntryProps) {
    super(scope, id);
    const { domain, store, sink, recipients = [domain], requireTls = true, scan = true, activation = 'ifFree', maxSilence } = props;
    const { mailFrom = `mail.${domain}`, from = `no-reply@${domain}` } = props;
    requireAddresses(this, { domain, recipients, mailFrom, from });
    requireOneOf(this, { requireTls }, ON_OFF, 'With false, mails without TLS are accepted.');
    requireOneOf(this, { scan }, ON_OFF, 'With false, the verdicts of spam and viruses are DISABLED.');
    requireOneOf(this, { activation }, ['ifFree', 'replace', 'byHand'], 'Leave it out to fail while another rule set is active.');
    requireResource(this, { ruleSet: props.ruleSet, identity: props.identity });
    if (props.ruleSet) requireAbsent(this, 'ruleSet', { activation: props.activation });
    if (props.identity) requireAbsent(this, 'identity', { mailFrom: props.mailFrom });
    if (maxSilence !== undefined) requireTime(this, { maxSilence }, SILENCE);
    requireRegion(this);
    const removalPolicy = removalPolicyOf(this, props.removal);
    if (!props.ruleSet && activation !== 'byHand') requireOneActive(this);
    this.from = from;

    const outbound = new Outbound(this, 'Outbound', { sink, removalPolicy });
    this.configurationSet = outbound.configurationSet;
    const makeIdentity = () =>
      new EmailIdentity(this, 'Identity', {
        identity: Identity.domain(domain),
        configurationSet: this.configurationSet,
        mailFromDomain: mailFrom,
        mailFromBehaviorOnMxFailure: MailFromBehaviorOnMxFailure.USE_DEFAULT_VALUE,
        feedbackForwarding: false,
      });
    this.identity = props.identity ?? makeIdentity();
    if (!props.identity) this.identity.applyRemovalPolicy(removalPolicy);
    this.dnsRecords = recordsOf(domain, mailFrom, this.identity);

    const settings = { domain, store, sink, recipients, requireTls, scan, activation, maxSilence };
    const inbound = new Inbound(this, 'Inbound', { ...settings, ruleSet: props.ruleSet, removal: props.removal });
    this.role = inbound.role;
    this.ruleSet = inbound.ruleSet;
    this.mail = inbound.mail;
    answerCommonFindings(this);
    this.alarms = [...outbound.alarms, ...inbound.alarms];
  }

  /**
   * Allow `sender` to send mails from the address of the entry with its configuration set, and nothing else.
   * @see https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
   */
  bindSender(sender: Workload, name: string): Binding {
    const { configurationSetName } = this.configurationSet;
    const set = `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:configuration-set/${configurationSetName}`;
    const grant = Grant.addToPrincipal({
      grantee: sender.role,
      actions: ['ses:SendEmail', 'ses:SendRawEmail'],
      resourceArns: [this.identity.emailIdentityArn, set],
      conditions: { StringEquals: { 'ses:FromAddress': this.from } },
    });
    return { settings: { [`${name}_FROM`]: this.from, [`${name}_CONFIGURATION_SET`]: configurationSetName }, waitFor: [grant] };
  }
}
