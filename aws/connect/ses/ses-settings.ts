import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Binding } from '../../ports/identity';

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const NAME = `(${LABEL}\\.)+[a-z]{2,63}`;

const DOMAIN: TextRule = {
  pattern: new RegExp(`^(?=.{1,253}$)${NAME}$`),
  must: 'be a domain in lower case',
  remedy: 'Write it like example.com. SES receives mail for domains whose DNS records you can change.',
};
const RECIPIENT: TextRule = {
  pattern: new RegExp(`^(?=.{1,320}$)(\\.|[^\\s@\\p{Cc}]{1,64}@)?${NAME}$`, 'u'),
  must: 'be addresses or domains in lower case',
  remedy: 'Write them like support@example.com, example.com, or .example.com for all its subdomains.',
};
const ADDRESS: TextRule = {
  pattern: new RegExp(`^(?=.{1,320}$)[^\\s@\\p{Cc}*?]{1,64}@${NAME}$`, 'u'),
  must: 'be an address',
  remedy: 'Write it like no-reply@example.com.',
};

/**
 * The regions with an email receiving endpoint.
 * @see https://docs.aws.amazon.com/general/latest/gr/ses.html
 */
const RECEIVES = [
  ...['af-south-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2'],
  ...['ap-southeast-3', 'ca-central-1', 'eu-central-1', 'eu-north-1', 'eu-south-1', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['il-central-1', 'me-south-1', 'sa-east-1', 'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
];

/** The addresses of an entry. */
export interface Addresses {
  readonly domain: string;
  readonly recipients: readonly string[];
  readonly mailFrom: string;
  readonly from: string;
}

/**
 * Refuse addresses that SES does not accept, and those of another domain, whose mail SES would neither receive nor send. Values
 * that are known only at deploy pass.
 * @throws SettingError
 */
export function requireAddresses(scope: Construct, { domain, recipients, mailFrom, from }: Addresses) {
  requireText(scope, { domain }, DOMAIN);
  requireTexts(scope, { recipients }, RECIPIENT);
  requireText(scope, { mailFrom }, DOMAIN);
  requireText(scope, { from }, ADDRESS);
  if (recipients.length < 1 || recipients.length > 100) {
    const remedy = 'SES allows at most 100 in one rule. Leave it out for the whole domain.';
    throw new SettingError(scope, 'recipients must be 1 to 100 addresses or domains', recipients.length, remedy);
  }
  const own = `of ${domain} or a subdomain of it`;
  for (const one of recipients) requireWithin(scope, `recipients must be ${own}`, one, domain, 'For another domain, create another entry.');
  requireWithin(scope, `from must be ${own}`, from, domain, 'For another domain, create another entry.');
  const remedy = `Write it like mail.${domain}. The domain itself cannot be used, because its MX record is for receiving.`;
  requireWithin(scope, `mailFrom must be a subdomain of ${domain}`, mailFrom, `.${domain}`, remedy);
}

function requireWithin(scope: Construct, rule: string, address: string, domain: string, remedy: string) {
  const host = `.${address.slice(address.lastIndexOf('@') + 1)}`.replace('..', '.');
  if (Token.isUnresolved(address) || Token.isUnresolved(domain)) return;
  if (domain.startsWith('.') ? host.slice(1).endsWith(domain) : host.endsWith(`.${domain}`)) return;
  throw new SettingError(scope, rule, JSON.stringify(address), remedy);
}

/**
 * Refuse a region in which SES receives no mail. A region that is known only at deploy passes.
 * @throws SettingError
 */
export function requireRegion(scope: Construct) {
  const { region } = Stack.of(scope);
  if (Token.isUnresolved(region) || RECEIVES.includes(region)) return;
  const remedy = `Use one of ${RECEIVES.join(', ')}. If AWS has added this one, deploy a stack without a fixed region.`;
  throw new SettingError(scope, 'region must be one in which SES receives mail', region, remedy);
}

/**
 * Refuse a buffer that the function cannot write to.
 * @throws SettingError
 */
export function requireSink(scope: Construct, { settings }: Binding) {
  if (settings.SINK_QUEUE_URL !== undefined || settings.SINK_STREAM !== undefined) return;
  const remedy = 'Give an SqsBuffer or a KinesisBuffer. From there, events can be sent on to other services.';
  throw new SettingError(scope, 'sink must return SINK_QUEUE_URL or SINK_STREAM', Object.keys(settings).join(' and ') || 'nothing', remedy);
}
