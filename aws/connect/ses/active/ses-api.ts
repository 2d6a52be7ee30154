import { setting } from '../../../../shared/runtime/setting';
import { signedHeaders } from './sign';

/** How long one call may take. */
const TIMEOUT_MS = 10_000;

/** The receipt rule set that is active in an account and region. */
export interface ActiveSlot {
  /** @returns the name of the active rule set, or `undefined` if none is active */
  read(): Promise<string | undefined>;
  /** @param ruleSet `undefined` deactivates the active one */
  write(ruleSet: string | undefined): Promise<void>;
}

/** @see https://docs.aws.amazon.com/ses/latest/APIReference/API_SetActiveReceiptRuleSet.html */
export const activeSlot: ActiveSlot = {
  async read() {
    const answer = await call('DescribeActiveReceiptRuleSet');
    return /<Metadata>.*?<Name>([^<]+)<\/Name>/s.exec(answer)?.[1];
  },
  async write(ruleSet) {
    await call('SetActiveReceiptRuleSet', ruleSet === undefined ? {} : { RuleSetName: ruleSet });
  },
};

async function call(action: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  const region = setting('AWS_REGION');
  // The part of the SDK for this API is not needed for two calls. The variable is that of the SDK.
  const url = new URL(process.env.AWS_ENDPOINT_URL_SES ?? `https://email.${region}.amazonaws.com`);
  const body = new URLSearchParams({ Action: action, Version: '2010-12-01', ...parameters }).toString();
  const credentials = {
    accessKeyId: setting('AWS_ACCESS_KEY_ID'),
    secretAccessKey: setting('AWS_SECRET_ACCESS_KEY'),
    sessionToken: process.env.AWS_SESSION_TOKEN,
  };
  const headers = signedHeaders({ host: url.host, region, service: 'ses', body }, credentials, new Date());
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.text();
  if (response.ok) return text;
  const [code, message] = ['Code', 'Message'].map((name) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1]);
  throw new Error(`SES answered ${action} with ${response.status} ${code ?? ''}: ${message ?? 'no message'}`);
}
