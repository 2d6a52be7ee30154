import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Reasons } from '../../foundation/acknowledge';
import type { PutRecordRequest, RecordTemplate } from '../../ports/records';

/**
 * Findings of scanners on the stage, with the reason why each is accepted.
 * @param uncached why the API has no cache
 */
export const stageFindings = (uncached: string): Reasons => ({
  'AwsSolutions-APIG3, NIST.800.53.R5-APIGWAssociatedWithWAF':
    'A web ACL costs by the month, and every caller is authorized. If you need one, associate it with api.deploymentStage.',
  'CKV_AWS_120, NIST.800.53.R5-APIGWCacheEnabledAndEncrypted': uncached,
  'NIST.800.53.R5-APIGWSSLEnabled': 'The API calls a service of AWS, which checks the signature and does not use a client certificate.',
});

/** The parts of a record, as expressions of the mapping template. */
export const RECORD: RecordTemplate = {
  text: '$input.body',
  dataBase64: '$util.base64Encode($input.body)',
  partitionKeyJson: "#if($key && $key != '') $input.json('$.partitionkey') #else $input.json('$.id') #end",
};

/** The mapping template of a request. `$key` is set only if the body uses it, because a form must begin with its first field. */
export function templateOf({ body }: PutRecordRequest): string {
  return body.includes(RECORD.partitionKeyJson) ? `#set($key = $input.path('$.partitionkey'))\n${body}` : body;
}

/** 202 for a record that was put. Any other response is a server error, unless the request maps it to another status. */
export function integrationResponses(request: PutRecordRequest): apigateway.IntegrationResponse[] {
  const { receipt, receiptPath = `$.${receipt}`, errorPath = '$.__type', failedWhen, statusOfError } = request;
  const overrides = Object.entries(statusOfError).map(
    ([error, status]) => `#if($error.contains("${error}"))#set($context.responseOverride.status = ${status})#end`,
  );
  const refused = `#set($error = "$input.path('${errorPath}')")${overrides.join('')}{"message":"The event was not accepted.","requestId":"$context.requestId"}`;
  const accepted = `{"${receipt}":$input.json('${receiptPath}')}`;
  const failed = failedWhen && `#if(${failedWhen})#set($context.responseOverride.status = 500)${refused}#else${accepted}#end`;
  return [
    { selectionPattern: '2\\d{2}', statusCode: '202', responseTemplates: { 'application/json': failed ?? accepted } },
    { selectionPattern: '5\\d{2}', statusCode: '503', responseTemplates: { 'application/json': refused } },
    { statusCode: '500', responseTemplates: { 'application/json': refused } },
  ];
}

/**
 * One line of JSON for each request: caller, status, and the type of the error. The error message is left out, because API
 * Gateway does not escape it here, and it can quote the event or the token. The sender gets it in the response.
 * @param hasTokens whether callers have a token of Cognito: the caller is then the id of the person, or of the client of a machine
 */
export function accessLogFormat(hasTokens: boolean): apigateway.AccessLogFormat {
  return apigateway.AccessLogFormat.custom(
    JSON.stringify({
      requestTime: apigateway.AccessLogField.contextRequestTime(),
      requestId: apigateway.AccessLogField.contextRequestId(),
      traceId: apigateway.AccessLogField.contextXrayTraceId(),
      caller: hasTokens ? apigateway.AccessLogField.contextAuthorizerClaims('sub') : apigateway.AccessLogField.contextIdentityUserArn(),
      sourceIp: apigateway.AccessLogField.contextIdentitySourceIp(),
      status: apigateway.AccessLogField.contextStatus(),
      responseLatency: apigateway.AccessLogField.contextResponseLatency(),
      integrationStatus: apigateway.AccessLogField.contextIntegrationStatus(),
      integrationLatency: apigateway.AccessLogField.contextIntegrationLatency(),
      error: apigateway.AccessLogField.contextErrorResponseType(),
    }),
  );
}
