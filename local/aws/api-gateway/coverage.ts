import { type AllowList, only, onlyKeys } from '../../coverage';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html */
export const COVERAGE: AllowList = {
  'AWS::ApiGateway::Account': NOTHING,
  'AWS::ApiGateway::Authorizer': NOTHING,
  'AWS::ApiGateway::Deployment': { Description: NOTHING, RestApiId: EMULATED },
  'AWS::ApiGateway::GatewayResponse': {
    ResponseTemplates: gatewayTemplates,
    ResponseType: only('BAD_REQUEST_BODY'),
    RestApiId: EMULATED,
    StatusCode: EMULATED,
  },
  'AWS::ApiGateway::Method': {
    AuthorizationType: NOTHING,
    AuthorizerId: NOTHING,
    HttpMethod: EMULATED,
    'Integration.Credentials': NOTHING,
    'Integration.IntegrationHttpMethod': only('POST'),
    'Integration.IntegrationResponses.ResponseTemplates': onlyKeys('application/json'),
    'Integration.IntegrationResponses.SelectionPattern': EMULATED,
    'Integration.IntegrationResponses.StatusCode': EMULATED,
    'Integration.PassthroughBehavior': only('NEVER'),
    'Integration.RequestParameters': literalHeaders,
    'Integration.RequestTemplates': EMULATED,
    'Integration.Type': only('AWS'),
    'Integration.Uri': EMULATED,
    'MethodResponses.StatusCode': EMULATED,
    RequestModels: EMULATED,
    RequestValidatorId: EMULATED,
    ResourceId: EMULATED,
    RestApiId: EMULATED,
  },
  'AWS::ApiGateway::Model': { ContentType: only('application/json'), RestApiId: EMULATED, Schema: EMULATED },
  'AWS::ApiGateway::RequestValidator': { RestApiId: EMULATED, ValidateRequestBody: EMULATED, ValidateRequestParameters: EMULATED },
  'AWS::ApiGateway::Resource': { ParentId: EMULATED, PathPart: EMULATED, RestApiId: EMULATED },
  'AWS::ApiGateway::RestApi': { EndpointConfiguration: NOTHING, Name: NOTHING, Tags: NOTHING },
  'AWS::ApiGateway::Stage': {
    AccessLogSetting: NOTHING,
    DeploymentId: EMULATED,
    MethodSettings: NOTHING,
    RestApiId: EMULATED,
    StageName: EMULATED,
    Tags: NOTHING,
    TracingEnabled: NOTHING,
  },
};

/** A gateway response is no mapping template: it only puts in values of `$context`. */
function gatewayTemplates(value: unknown): string | undefined {
  const known = /\$context\.(requestId|error\.(message|messageString|validationErrorString|responseType))\b/g;
  const left = Object.values(value as Record<string, string>)
    .join(' ')
    .replace(known, '');
  return (
    onlyKeys('application/json')(value) ?? (/\$/.test(left) ? `only the error and the request id are known here, got ${left}` : undefined)
  );
}

/** Headers of the integration that are written out. */
function literalHeaders(value: unknown): string | undefined {
  const odd = Object.entries(value as Record<string, unknown>).find(
    ([name, text]) => !/^integration\.request\.header\.[\w-]+$/.test(name) || typeof text !== 'string' || !/^'[^']*'$/.test(text),
  );
  return odd && `only headers with a text in single quotes are emulated here, got ${odd[0]} = ${JSON.stringify(odd[1])}.`;
}
