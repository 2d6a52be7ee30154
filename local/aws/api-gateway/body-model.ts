import type { ErrorObject } from 'ajv';
import Draft4 from 'ajv-draft-04';

/** What is wrong with a body, in one line, or nothing. */
export type CheckBody = (body: string) => string | undefined;

/**
 * The check of a model, which API Gateway reads as JSON Schema of draft 4. The words are near to those of API Gateway.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 */
export function bodyCheck(schema: Readonly<Record<string, unknown>>): CheckBody {
  const check = new Draft4({ allErrors: true, strict: false }).compile(schema);
  return (body) => {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return '[the body is not JSON]';
    }
    return check(value) ? undefined : `[${(check.errors ?? []).map(inWords).join(', ')}]`;
  };
}

function inWords({ keyword, instancePath, message, params }: ErrorObject): string {
  if (keyword === 'required') return `object has missing required properties (["${params.missingProperty}"])`;
  const allowed = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
  return `${instancePath || 'body'} ${message}${allowed}`;
}
