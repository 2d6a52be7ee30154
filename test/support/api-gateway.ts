import { renderVtl } from '../../local/aws/api-gateway/mapping-template';

interface Answer {
  readonly StatusCode: string;
  readonly SelectionPattern?: string;
  readonly ResponseTemplates: Readonly<Record<string, string>>;
}

/**
 * What API Gateway makes of an answer of the service behind it: by the first pattern that is its status, or else the one
 * without a pattern.
 * @returns the status and the body that the sender gets
 */
export function answerOf({ IntegrationResponses }: { readonly IntegrationResponses: readonly Answer[] }, status: number, body: object) {
  const fits = IntegrationResponses.find(
    ({ SelectionPattern }) => SelectionPattern && new RegExp(`^(${SelectionPattern})$`).test(`${status}`),
  );
  const { StatusCode, ResponseTemplates } = fits ?? IntegrationResponses.find(({ SelectionPattern }) => !SelectionPattern)!;
  const answer = renderVtl(ResponseTemplates['application/json']!, { body: JSON.stringify(body), context: { requestId: 'r-1' } });
  return [answer.status ?? Number(StatusCode), JSON.parse(answer.text)];
}
