import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Poster } from '../../http';
import { type Answer, type Loopback, serve } from '../../loopback';
import type { Receipt, Witness } from '../../platform';
import { REGION } from '../../template/cloudformation';
import type { ApiSettings } from './api-gateway-settings';
import { renderVtl } from './mapping-template';
import { reasonOf, SENT_BY_RUN } from './sender';

const PAYLOAD_BYTES = 10 * 1024 * 1024;

/** The responses of API Gateway itself, with its messages. */
const REFUSALS = {
  missing: [403, 'Missing Authentication Token'],
  tooLong: [413, 'Request Too Long'],
  mediaType: [415, 'Unsupported Media Type'],
  internal: [500, 'Internal server error'],
} as const;

/**
 * An API that sends each event to a service without code in between. Signatures are not checked: everyone with the URL can send.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
 */
export class ApiGateway {
  private readonly poster = new Poster();
  private server!: Loopback;
  /** The positions of records in the buffer, by the id of the request that put them. */
  private readonly positions = new Map<string, string>();

  private constructor(
    private readonly settings: ApiSettings,
    private readonly arrived?: Witness['arrived'],
  ) {}

  /** @param arrived called for each event that the run did not send itself */
  static async start(settings: ApiSettings, arrived?: Witness['arrived']): Promise<ApiGateway> {
    const api = new ApiGateway(settings, arrived);
    api.server = await serve((request, body) => api.answer(request, body));
    return api;
  }

  /** The URL to send events to. */
  get url(): string {
    return `http://${this.server.host}${this.settings.path}`;
  }

  /** The position of the record that a request put. It is returned once, and then removed. */
  positionOf(requestId: string): string | undefined {
    const position = this.positions.get(requestId);
    this.positions.delete(requestId);
    return position;
  }

  async stop(): Promise<void> {
    await this.server.close();
    this.poster.close();
  }

  private async answer({ method, url, headers }: IncomingMessage, bytes: Buffer): Promise<Answer> {
    const requestId = randomUUID();
    if (method !== this.settings.method || url?.split('?')[0] !== this.settings.path) return refusal('missing', requestId);
    const report = headers[SENT_BY_RUN] === undefined ? this.arrived?.(bytes) : undefined;
    const answer = await this.take(headers, bytes, requestId);
    report?.(this.receiptOf(answer, requestId));
    return answer;
  }

  private receiptOf({ status, body = '' }: Answer, requestId: string): Receipt {
    const position = this.positionOf(requestId);
    return position === undefined ? { accepted: false, reason: reasonOf(status, String(body)) } : { accepted: true, position };
  }

  private async take(headers: IncomingHttpHeaders, bytes: Buffer, requestId: string): Promise<Answer> {
    const { checks, requests, badBody } = this.settings;
    if (bytes.length > PAYLOAD_BYTES) return refusal('tooLong', requestId);

    // An API without binary media types reads the body as text. Bytes that are not UTF-8 are lost here.
    const body = bytes.toString('utf8');
    const contentType = (headers['content-type'] ?? 'application/json').split(';')[0]!.trim().toLowerCase();
    const wrong = checks.get(contentType)?.(body);
    if (wrong !== undefined)
      return json(badBody.status, requestId, gatewayResponse(badBody.template, 'Invalid request body', requestId, wrong));
    const template = requests.get(contentType);
    if (template === undefined) return refusal('mediaType', requestId);
    try {
      return await this.integrate(renderVtl(template, { body, context: { requestId } }).text, requestId);
    } catch {
      return refusal('internal', requestId);
    }
  }

  /** Call the service, and convert its response with the template of the integration response. */
  private async integrate(request: string, requestId: string): Promise<Answer> {
    const { integration, target, responses, headers } = this.settings;
    const sent = { ...signed(), ...integration.headers(target), ...headers };
    const { status: replied, body } = await this.poster.post(`http://${integration.host}/`, sent, request);
    const reply = { status: replied, body: body.toString() };
    if (reply.status === 200) this.positions.set(requestId, integration.accepted(reply.body));
    const response = responses.find(({ pattern }) => pattern?.test(String(reply.status))) ?? responses.find(({ pattern }) => !pattern);
    if (!response) return refusal('internal', requestId);
    if (response.template === undefined) return json(response.status, requestId, reply.body);
    const { text, status } = renderVtl(response.template, { body: reply.body, context: { requestId } });
    return json(status ?? response.status, requestId, text);
  }
}

/** API Gateway signs with its role. Here only the format of the signature is checked. */
function signed(): Readonly<Record<string, string>> {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=nobody/${date.slice(0, 8)}/${REGION}/service/aws4_request, SignedHeaders=host, Signature=none`,
  };
}

/**
 * Gateway responses have `$context`, and nothing else of the template language. The template puts the reason of a refused body
 * into quotes, so quotes in it are escaped.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
 */
function gatewayResponse(template: string, message: string, requestId: string, reason: string): string {
  const known: Readonly<Record<string, string>> = {
    requestId,
    'error.message': message,
    'error.messageString': JSON.stringify(message),
    'error.responseType': 'BAD_REQUEST_BODY',
    'error.validationErrorString': JSON.stringify(reason).slice(1, -1),
  };
  return template.replace(/\$context\.(requestId|error\.\w+)/g, (_, name: string) => known[name] ?? '');
}

function refusal(why: keyof typeof REFUSALS, requestId: string): Answer {
  const [status, message] = REFUSALS[why];
  return json(status, requestId, JSON.stringify({ message }));
}

function json(status: number, requestId: string, body: string): Answer {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId }, body };
}
