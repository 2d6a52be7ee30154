import { RefusedError } from '../../platform';
import { isRecord, type Resource, type Stack } from '../../template/stack';
import type { Integration } from '../site';
import { bodyCheck, type CheckBody } from './body-model';

/** An integration response. */
export interface IntegrationResponse {
  /** The statuses of the integration that it is for. Without a pattern it is for all others. */
  readonly pattern?: RegExp;
  readonly status: number;
  readonly template?: string;
}

/** The settings of the API in the template: one method, its integration and its responses. */
export interface ApiSettings {
  readonly method: string;
  /** The path with the stage, such as `/prod/events`. */
  readonly path: string;
  /** The validation of the body, by content type. */
  readonly checks: ReadonlyMap<string, CheckBody>;
  /** The mapping template, by content type. */
  readonly requests: ReadonlyMap<string, string>;
  /** The service that is called, and the action, such as `action/PutRecord`. */
  readonly integration: Integration;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly responses: readonly IntegrationResponse[];
  /** The response to a body that does not match its model. */
  readonly badBody: { readonly status: number; readonly template: string };
}

const DEFAULT_BAD_BODY = { status: 400, template: '{"message":$context.error.messageString}' };
const URI = /^arn:aws:apigateway:[\w-]+:([\w-]+):(.+)$/;

/** Set the ids of the resources of the API in the stack, so that references to them can be resolved. */
export function nameApi(stack: Stack) {
  for (const { id } of stack.all('AWS::ApiGateway::RestApi')) stack.created(id, { ref: id, attributes: { RootResourceId: '/' } });
  for (const type of ['Resource', 'Deployment', 'Model', 'RequestValidator'].map((part) => `AWS::ApiGateway::${part}`)) {
    for (const { id } of stack.all(type)) stack.created(id, { ref: id });
  }
}

/**
 * Read the API of a stack. Call it after the names of all resources that it refers to are set.
 * @throws RefusedError if there is not exactly one API with one stage and one method, or its resources do not match
 */
export function readApi(stack: Stack, integrations: ReadonlyMap<string, Integration>): ApiSettings {
  const api = stack.one('AWS::ApiGateway::RestApi');
  const stage = stack.one('AWS::ApiGateway::Stage');
  const method = stack.one('AWS::ApiGateway::Method');
  const deployment = stack.named('AWS::ApiGateway::Deployment', stack.string(stage, 'DeploymentId'), `${stage.id}.DeploymentId`);
  for (const part of [stage, method, deployment]) belongsTo(stack, part, api);

  const uri = stack.string(method, 'Integration.Uri');
  const [, service = '', target = ''] = URI.exec(uri) ?? [];
  const integration = integrations.get(service);
  if (!integration?.target.test(target)) {
    const known = [...integrations].map(([name, one]) => `${name}:${one.target.source.replace(/[\\^$]/g, '')}`);
    throw new RefusedError(`${method.id}.Integration.Uri`, `only ${known.join(' or ') || 'nothing'} is emulated, got ${uri}.`);
  }
  return {
    method: stack.string(method, 'HttpMethod'),
    path: `/${stack.string(stage, 'StageName')}${pathOf(stack, stack.string(method, 'ResourceId'), method)}`,
    checks: readChecks(stack, method, api),
    requests: new Map(Object.entries(stack.texts(method, 'Integration.RequestTemplates'))),
    integration,
    target,
    headers: readHeaders(stack, method),
    responses: readResponses(stack, method),
    badBody: readBadBody(stack, api),
  };
}

function belongsTo(stack: Stack, part: Resource, api: Resource) {
  const got = stack.string(part, 'RestApiId');
  if (got !== api.id) throw new RefusedError(`${part.id}.RestApiId`, `it must be ${api.id}, got ${got}.`);
}

function pathOf(stack: Stack, resourceId: string, from: Resource): string {
  if (resourceId === '/') return '';
  const resource = stack.named('AWS::ApiGateway::Resource', resourceId, `${from.id}.ResourceId`);
  const part = stack.string(resource, 'PathPart');
  if (part.includes('{')) throw new RefusedError(`${resource.id}.PathPart`, `parameters in a path are not emulated, got ${part}.`);
  return `${pathOf(stack, stack.string(resource, 'ParentId'), resource)}/${part}`;
}

function readChecks(stack: Stack, method: Resource, api: Resource): ReadonlyMap<string, CheckBody> {
  if (stack.value(method, 'RequestValidatorId') === undefined) return new Map();
  const validator = stack.named(
    'AWS::ApiGateway::RequestValidator',
    stack.string(method, 'RequestValidatorId'),
    `${method.id}.RequestValidatorId`,
  );
  belongsTo(stack, validator, api);
  if (stack.value(validator, 'ValidateRequestBody') !== true) return new Map();
  const models = Object.entries(stack.texts(method, 'RequestModels'));
  return new Map(
    models.map(([contentType, ref]) => {
      const model = stack.named('AWS::ApiGateway::Model', ref, `${method.id}.RequestModels.${contentType}`);
      belongsTo(stack, model, api);
      return [contentType, bodyCheck(stack.record(model, 'Schema'))];
    }),
  );
}

function readHeaders(stack: Stack, method: Resource): Readonly<Record<string, string>> {
  const parameters = Object.entries(stack.texts(method, 'Integration.RequestParameters'));
  return Object.fromEntries(parameters.map(([name, quoted]) => [name.split('.').at(-1)!.toLowerCase(), quoted.slice(1, -1)]));
}

function readResponses(stack: Stack, method: Resource): readonly IntegrationResponse[] {
  const declared = stack.records(method, 'MethodResponses').map(({ StatusCode }) => String(StatusCode));
  return stack.records(method, 'Integration.IntegrationResponses').map(({ SelectionPattern, StatusCode, ResponseTemplates }, index) => {
    const path = `${method.id}.Integration.IntegrationResponses[${index}]`;
    if (!declared.includes(String(StatusCode)))
      throw new RefusedError(path, `the method declares no response ${StatusCode}. Add it to MethodResponses.`);
    const template = isRecord(ResponseTemplates) ? ResponseTemplates['application/json'] : undefined;
    return {
      pattern: typeof SelectionPattern === 'string' && SelectionPattern !== '' ? new RegExp(`^(?:${SelectionPattern})$`) : undefined,
      status: Number(StatusCode),
      template: template === undefined ? undefined : stack.text(template, path),
    };
  });
}

function readBadBody(stack: Stack, api: Resource): ApiSettings['badBody'] {
  const [found, ...others] = stack.all('AWS::ApiGateway::GatewayResponse');
  if (!found) return DEFAULT_BAD_BODY;
  if (others.length > 0) throw new RefusedError(others[0]!.id, `${found.id} has the same response type. Leave one of them out.`);
  belongsTo(stack, found, api);
  const template = stack.texts(found, 'ResponseTemplates')['application/json'] ?? DEFAULT_BAD_BODY.template;
  return { status: stack.number(found, 'StatusCode', DEFAULT_BAD_BODY.status), template };
}
