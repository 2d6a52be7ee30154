import type { ErrorObject } from 'ajv';
import Draft4 from 'ajv-draft-04';

/** Returns the errors of a body in one line, or `undefined` if it is valid. */
export type CheckBody = (body: string) => string | undefined;

/**
 * The validation of a model, which is a JSON Schema of draft 4. The messages are similar to those of API Gateway.
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
