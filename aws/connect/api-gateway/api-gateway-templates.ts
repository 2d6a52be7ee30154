import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Reasons } from '../../foundation/acknowledge';
import type { PutRecordRequest, RecordTemplate } from '../../ports/records';

/** What scanners say of the stage, with the reason why it stays. */
export const STAGE_FINDINGS: Reasons = {
  'AwsSolutions-APIG3, NIST.800.53.R5-APIGWAssociatedWithWAF':
    'A firewall costs by the month, and nobody sends unknown. Where you need one, associate it with api.deploymentStage.',
  'CKV_AWS_120, NIST.800.53.R5-APIGWCacheEnabledAndEncrypted': 'Events come by POST, and API Gateway caches answers to GET.',
  'NIST.800.53.R5-APIGWSSLEnabled': 'The API calls a service of AWS, which knows it by its signature and asks for no certificate.',
};

/** The pieces of the event in the body of a request. */
export const RECORD: RecordTemplate = {
  text: '$input.body',
  dataBase64: '$util.base64Encode($input.body)',
  partitionKeyJson: "#if($key && $key != '') $input.json('$.partitionkey') #else $input.json('$.id') #end",
};

/** What API Gateway makes of an event. Nothing stands before a body that names no key: a form must begin with its first field. */
export function templateOf({ body }: PutRecordRequest): string {
  return body.includes(RECORD.partitionKeyJson) ? `#set($key = $input.path('$.partitionkey'))\n${body}` : body;
}

/** 202 for a record that was put. Whatever else the service says is an error of ours, unless the request names it. */
export function answersTo(request: PutRecordRequest): apigateway.IntegrationResponse[] {
  const { receipt, receiptPath = `$.${receipt}`, errorPath = '$.__type', failedWhen, statusOfError } = request;
  const overrides = Object.entries(statusOfError).map(
    ([error, status]) => `#if($error.contains("${error}"))#set($context.responseOverride.status = ${status})#end`,
  );
  const refused = `#set($error = "$input.path('${errorPath}')")${overrides.join('')}{"message":"The event was not taken.","requestId":"$context.requestId"}`;
  const accepted = `{"${receipt}":$input.json('${receiptPath}')}`;
  const failed = failedWhen && `#if(${failedWhen})#set($context.responseOverride.status = 500)${refused}#else${accepted}#end`;
  return [
    { selectionPattern: '2\\d{2}', statusCode: '202', responseTemplates: { 'application/json': failed ?? accepted } },
    { selectionPattern: '5\\d{2}', statusCode: '503', responseTemplates: { 'application/json': refused } },
    { statusCode: '500', responseTemplates: { 'application/json': refused } },
  ];
}

/**
 * One line of JSON for each request: who, what came of it, and the kind of error. The words of an error are left out: API
 * Gateway escapes nothing here, and they can quote the event, or the token that came with it. The caller gets them.
 */
export function accessLogFormat(): apigateway.AccessLogFormat {
  return apigateway.AccessLogFormat.custom(
    JSON.stringify({
      requestTime: apigateway.AccessLogField.contextRequestTime(),
      requestId: apigateway.AccessLogField.contextRequestId(),
      traceId: apigateway.AccessLogField.contextXrayTraceId(),
      caller: apigateway.AccessLogField.contextIdentityUserArn(),
      sourceIp: apigateway.AccessLogField.contextIdentitySourceIp(),
      status: apigateway.AccessLogField.contextStatus(),
      responseLatency: apigateway.AccessLogField.contextResponseLatency(),
      integrationStatus: apigateway.AccessLogField.contextIntegrationStatus(),
      integrationLatency: apigateway.AccessLogField.contextIntegrationLatency(),
      error: apigateway.AccessLogField.contextErrorResponseType(),
    }),
  );
}
