import { refOf, text } from '../../../shared/read/cfn';
import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { fitting, onlyKeys, onlyValues } from '../../../shared/read/facts/local';
import { promised } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts, TypeFacts } from '../../../shared/read/facts/types';
import { every, filter, remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { facts as joined, type Step } from '../../../shared/read/picture';
import { type Asked, amount, type Body, is, names, only, type Stack } from '../../../shared/read/stack';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { policiesOf } from '../../foundation/promises';

const METHOD = 'AWS::ApiGateway::Method';
const STAGE = 'AWS::ApiGateway::Stage';
const VALIDATOR = 'AWS::ApiGateway::RequestValidator';
const ALARM = 'AWS::CloudWatch::Alarm';
/** The path of the metrics in the expression of an alarm. */
const OF_ALARM = 'Metrics.MetricStat.Metric';
const nothing = 'no effect here';

const helps = (name: string, local: TypeFacts['local']): TypeFacts => ({ name, role: 'helps', local });
/** The alarms on one metric of an API. */
const alarmsOf =
  (metric: string): Which =>
  (resource, draft) =>
    every(ALARM)(resource, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`"MetricName":"${metric}"`));
/** The groups of execution logs, which are named after an API. */
const errorLogs: Which = (resource, draft) =>
  every('AWS::Logs::LogGroup')(resource, draft).filter((id) =>
    JSON.stringify(draft.resources.get(id)?.body).includes('API-Gateway-Execution-Logs'),
  );

export const facts: ServiceFacts = {
  name: 'API Gateway',
  local: { not: 'the local run has no look-ups: it shows what is stored', constructs: ['api-gateway-lookup'] },
  types: {
    [METHOD]: {
      name: 'method',
      role: 'lets in',
      flow: stepsOf,
      grants: (method, stack) => {
        const open = is(method, 'AuthorizationType', 'NONE');
        return [
          {
            holder: open ? 'everyone' : 'client',
            may: `${text(only(method, 'HttpMethod'))} ${pathOf(method, stack)}`,
            on: `\${${refOf(only(method, 'RestApiId')) ?? method.id}}`,
            condition: open ? undefined : { test: 'authorized by', value: authorizationOf(method) },
          },
        ];
      },
      promises: [
        promised(
          'known-callers',
          'accept only authorized requests',
          (method) => is(method, 'AuthorizationType', 'AWS_IAM', 'COGNITO_USER_POOLS', 'CUSTOM'),
          { 'anyone may send': set('AuthorizationType', 'NONE') },
        ),
        {
          ...promised('checked-on-entry', 'validate the body and the parameters of a request', isChecked, {
            'requests have no validator': set('RequestValidatorId'),
            'the validator does not check the body': set('ValidateRequestBody', false, every(VALIDATOR)),
          }),
          concerns: takesBody,
        },
        {
          ...promised(
            'checked-on-entry',
            'reject content types without a model, and validate the others with a model that requires all fields of the event contract',
            hasModel,
            {
              'content types without a model are accepted': set('Integration.PassthroughBehavior', 'WHEN_NO_MATCH'),
              'an event may have no id': filter('Schema.required', (field) => field !== 'id', every('AWS::ApiGateway::Model')),
            },
          ),
          concerns: takesBody,
        },
        {
          ...promised('checked-on-entry', 'reject a request without its parameters', requiresParameters, {
            'a look-up needs no key': set('RequestParameters'),
            'the validator does not check the parameters': set('ValidateRequestParameters', false, every(VALIDATOR)),
          }),
          concerns: (method) => !takesBody(method),
        },
        promised('rings', 'have alarms for rejected events, and a unique name, which is their dimension', hasAlarms, {
          'no alarm on server errors': remove(alarmsOf('5XXError')),
          'no alarm on client errors': remove(alarmsOf('4XXError')),
          'two APIs share one alarm': replace(/"Value":"[^"]+"/, '"Value":"Api"', alarmsOf('5XXError')),
        }),
      ],
      needs: methodNeeds,
      costs: (method, { events }) => [
        {
          what: 'requests, one an event',
          price: 'apiGatewayRequests',
          // Look-ups have no load: nobody knows how often rows are read.
          units: takesBody(method) ? events * MONTH : 0,
          lower: 'Leave the entry out, and let senders with a role write to the buffer directly, with `bindWriter` of the buffer.',
        },
      ],
      local: {
        AuthorizationScopes: nothing,
        AuthorizationType: nothing,
        AuthorizerId: nothing,
        HttpMethod: 'emulated',
        'Integration.Credentials': nothing,
        'Integration.IntegrationHttpMethod': onlyValues('POST'),
        'Integration.IntegrationResponses.ResponseTemplates': onlyKeys('application/json'),
        'Integration.IntegrationResponses.SelectionPattern': 'emulated',
        'Integration.IntegrationResponses.StatusCode': 'emulated',
        'Integration.PassthroughBehavior': onlyValues('NEVER'),
        'Integration.RequestParameters': literalHeaders,
        'Integration.RequestTemplates': 'emulated',
        'Integration.Type': onlyValues('AWS'),
        'Integration.Uri': 'emulated',
        'MethodResponses.StatusCode': 'emulated',
        'Integration.TimeoutInMillis': nothing,
        RequestModels: 'emulated',
        RequestParameters: { notRun: 'the local run has no look-ups: it shows what is stored.' },
        RequestValidatorId: 'emulated',
        ResourceId: 'emulated',
        RestApiId: 'emulated',
      },
    },
    [STAGE]: {
      name: 'stage of an API',
      role: 'helps',
      costs: costsOfStage,
      promises: [
        promised(
          'throttled',
          'throttle requests',
          (stage) => ['Rate', 'Burst'].every((which) => amount(stage, `MethodSettings.Throttling${which}Limit`) > 0),
          {
            'the rate is not throttled': set('MethodSettings.0.ThrottlingRateLimit', -1),
            'bursts are not throttled': set('MethodSettings.0.ThrottlingBurstLimit', -1),
          },
        ),
        promised('on-record', 'write a line to the access log for each request, without its content', hasAccessLog, {
          'the log contains events': set('MethodSettings.0.DataTraceEnabled', true),
          'the access log quotes events': replace('$context.error.responseType', '$context.error.validationErrorString'),
          'the access log quotes tokens': replace('$context.error.responseType', '$context.error.message'),
          'there is no access log': set('AccessLogSetting'),
        }),
        promised(
          'ready-before-work',
          'be created after the permissions of the role of its methods, and after the log group of its errors',
          isReady,
          {
            'the API is reachable before its role has permissions': set('/DependsOn'),
            'API Gateway keeps its execution log forever': remove(errorLogs),
          },
        ),
      ],
      local: {
        AccessLogSetting: nothing,
        DeploymentId: 'emulated',
        MethodSettings: nothing,
        RestApiId: 'emulated',
        StageName: 'emulated',
        Tags: nothing,
        TracingEnabled: nothing,
      },
    },
    'AWS::ApiGateway::Account': helps('account settings', nothing),
    'AWS::ApiGateway::Authorizer': helps('authorizer', nothing),
    'AWS::ApiGateway::Deployment': helps('deployment', { Description: nothing, RestApiId: 'emulated' }),
    'AWS::ApiGateway::GatewayResponse': helps('gateway response', {
      ResponseTemplates: gatewayTemplates,
      ResponseType: onlyValues('BAD_REQUEST_BODY'),
      RestApiId: 'emulated',
      StatusCode: 'emulated',
    }),
    'AWS::ApiGateway::Model': helps('model', { ContentType: onlyValues('application/json'), RestApiId: 'emulated', Schema: 'emulated' }),
    [VALIDATOR]: helps('request validator', {
      RestApiId: 'emulated',
      ValidateRequestBody: 'emulated',
      ValidateRequestParameters: 'emulated',
    }),
    'AWS::ApiGateway::Resource': helps('resource', { ParentId: 'emulated', PathPart: 'emulated', RestApiId: 'emulated' }),
    'AWS::ApiGateway::RestApi': helps('API', { EndpointConfiguration: nothing, Name: nothing, Tags: nothing }),
  },
};

/** The steps of an event through an API to the service that it calls. */
function stepsOf(method: Asked, seen: Seen): Step[] {
  const called = method.refers('Integration.Uri').find(({ type }) => type === 'AWS::Lambda::Function');
  const [target] = method.refers('Integration.RequestTemplates');
  const stage = seen.of(STAGE).find((one) => apiOf(one)?.id === apiOf(method)?.id);
  const template = JSON.stringify(method.get('Integration.RequestTemplates'));
  const keys = [...template.matchAll(/\$input\.json\('\$\.(\w+)'\)/g)].map(([, key]) => key);
  const [, service, action] = /:(\w+):action\/(\w+)$/.exec(text(only(method, 'Integration.Uri'))) ?? [];
  const [validator] = method.refers('RequestValidatorId');
  const checked = ['Body', 'Parameters'].filter((what) => validator && is(validator, `ValidateRequest${what}`, true));
  const words = checked.map((what) => ({ Body: 'body', Parameters: 'params' })[what]).join(' + ');
  const limit = (which: string, unit: string) =>
    stage
      ? `${unit === 'burst' ? 'burst ' : ''}${amount(stage, `MethodSettings.Throttling${which}Limit`)}${unit === 'burst' ? '' : unit}`
      : undefined;
  const api = method.refers('RestApiId')[0] ?? method;
  const front: Step = {
    from: 'client',
    how: joined(
      `${text(only(method, 'HttpMethod'))} ${pathOf(method, seen)}`,
      authorizationOf(method),
      words !== '' && `${words} validated`,
    ),
    to: method.stage,
    notes: joined('API Gateway', limit('Rate', ' requests/s'), limit('Burst', 'burst'), stage && 'access log'),
    between: ['client', api.id],
  };
  if (called) {
    const reads = called.refers('Environment.Variables').map((store): Step => {
      return { from: store.stage, how: 'the rows of one key', to: method.stage, notes: seen.tell(called), between: [store.id, api.id] };
    });
    return [front, ...reads];
  }
  if (!target) return [front];
  const back: Step = {
    from: method.stage,
    how: joined(action ? `${service}:${action}` : 'request', keys.length > 0 && `key = ${[...new Set(keys)].join(' or ')}`),
    to: target.stage,
    notes: seen.tell(target),
    between: [api.id, target.id],
  };
  return [front, back];
}

/** The path of a method, from its resource up to the root. */
function pathOf(method: Asked, stack: Stack): string {
  const resource = stack.get(refOf(only(method, 'ResourceId')) ?? '') ?? stack.get(refOf(only(method, 'ParentId')) ?? '');
  const part = resource && only(resource, 'PathPart');
  return part === undefined ? '' : `${pathOf(resource!, stack)}/${text(part)}`.replace('//', '/');
}

function apiOf(resource: Asked): Asked | undefined {
  return resource.refers('RestApiId')[0];
}

/** How callers are authorized, and by which scopes of their tokens. */
function authorizationOf(method: Asked): string {
  const scopes = method.get('AuthorizationScopes').map(text).join(' or ');
  return `${text(only(method, 'AuthorizationType'))}${scopes === '' ? '' : ` with ${scopes}`}`;
}

/** Look-ups are no events, and how many there are is not known. */
function costsOfStage(stage: Asked, load: Load): Cost[] {
  const methods = load.stack.of(METHOD).filter((method) => names(method, 'RestApiId', apiOf(stage)));
  const events = methods.some(takesBody) ? load.events : 0;
  return [
    {
      what: 'access log, 500 bytes a request',
      price: 'cloudWatchLogs',
      units: stage.get('AccessLogSetting').length > 0 ? (events * MONTH * 500) / GB : 0,
      lower: '`accessLog` of the entry with a log group of the class INFREQUENT_ACCESS, for half the price.',
    },
    {
      what: 'traces, 1 a second and 5 % of the rest',
      price: 'xrayTraces',
      units: is(stage, 'TracingEnabled', true) ? MONTH * (Math.min(events, 1) + 0.05 * Math.max(0, events - 1)) : 0,
      lower: 'A sampling rule of X-Ray in the account with a lower rate than 5 %.',
    },
    {
      what: 'metrics by method, 5 for each method that is called',
      price: 'cloudWatchMetric',
      units: is(stage, 'MethodSettings.MetricsEnabled', true) && events > 0 ? 5 : 0,
      lower: 'No setting: the alarms of the entry use them.',
    },
  ];
}

/** Whether it takes events. A look-up has parameters only. */
function takesBody(method: Asked): boolean {
  return !is(method, 'HttpMethod', 'GET');
}

function requiresParameters(method: Asked): boolean {
  const [validator] = method.refers('RequestValidatorId');
  const [required = {}] = method.get('RequestParameters');
  return validator !== undefined && is(validator, 'ValidateRequestParameters', true) && Object.values(required as Body).includes(true);
}

function isChecked(method: Asked): boolean {
  const [validator] = method.refers('RequestValidatorId');
  return validator !== undefined && ['Body', 'Parameters'].every((what) => is(validator, `ValidateRequest${what}`, true));
}

function hasModel(method: Asked): boolean {
  const models = method.refers('RequestModels');
  const requiresAll = (model: Asked) => eventSchema.required.every((field) => model.get('Schema.required').includes(field));
  return is(method, 'Integration.PassthroughBehavior', 'NEVER') && models.length > 0 && models.every(requiresAll);
}

function hasAlarms(method: Asked, stack: Stack): boolean {
  const [api] = method.refers('RestApiId');
  const name = text(api && only(api, 'Name'));
  return ['5XXError', '4XXError'].every((metric) =>
    stack
      .of(ALARM)
      .some(
        (alarm) =>
          alarm.get(`${OF_ALARM}.MetricName`).includes(metric) &&
          alarm.get(`${OF_ALARM}.Dimensions.Name`).every((dimension) => dimension === 'ApiName') &&
          alarm.get(`${OF_ALARM}.Dimensions.Value`).every((value) => value === name),
      ),
  );
}

function hasAccessLog(stage: Asked): boolean {
  return (
    stage.get('AccessLogSetting.DestinationArn').length === 1 &&
    is(stage, 'MethodSettings.DataTraceEnabled', false) &&
    !/error\.(message|validationErrorString)|[Ee]rrorMessage|integration\.error|input\.body/.test(
      text(only(stage, 'AccessLogSetting.Format')),
    )
  );
}

function isReady(stage: Asked, stack: Stack): boolean {
  const methods = stack.of(METHOD).filter((method) => apiOf(method)?.id === apiOf(stage)?.id);
  const roles = methods.flatMap((method) => method.refers('Integration.Credentials'));
  const groups = stack
    .of('AWS::Logs::LogGroup')
    .filter((group) => /^API-Gateway-Execution-Logs_/.test(text(only(group, 'LogGroupName'))))
    .filter((group) => group.refers('LogGroupName').some(({ id }) => id === apiOf(stage)?.id));
  const needed = [...roles.flatMap((role) => policiesOf(role, stack)), ...groups];
  return groups.length > 0 && needed.every(({ id }) => stage.before().has(id));
}

/** The permissions of the role of an integration: the action that it calls, on the resource in the request. And who may assume it. */
function methodNeeds(method: Asked, stack: Stack): Needed[] {
  const [, service, action] = /:(\w+):action\/(\w+)$/.exec(text(only(method, 'Integration.Uri'))) ?? [];
  const who = refOf(only(method, 'Integration.Credentials')) ?? '';
  const [templates = {}] = method.get('Integration.RequestTemplates');
  const targets = [...new Set(Object.values(templates as Body).map((template) => `\${${refOf(template)}}`))];
  const functions = method.refers('Integration.Uri').filter(({ type }) => type === 'AWS::Lambda::Function');
  return [
    {
      who: 'client',
      may: `${text(only(method, 'HttpMethod'))} ${pathOf(method, stack)}`,
      on: `\${${refOf(only(method, 'RestApiId'))}}`,
      only: `authorized by ${authorizationOf(method)}`,
      because: 'clients send',
    },
    ...targets.map((on) => ({ who, may: `${service}:${action}`, on, because: 'API Gateway calls it with the role' })),
    ...functions.map(({ id }) => ({
      who,
      may: 'lambda:InvokeFunction',
      on: `\${${id}}`,
      because: 'API Gateway calls the function with the role',
    })),
    { who: 'apigateway.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, because: 'API Gateway assumes the role' },
  ];
}

/** A gateway response is not a mapping template: only variables of `$context` are replaced. */
function gatewayTemplates(value: unknown): string | undefined {
  const known = /\$context\.(requestId|error\.(message|messageString|validationErrorString|responseType))\b/g;
  const left = Object.values(value as Record<string, string>)
    .join(' ')
    .replace(known, '');
  return onlyKeys('application/json')(value) ?? fitting(/^[^$]*$/, 'the error and the request id')(left);
}

/** Headers of the integration with a constant value. */
function literalHeaders(value: unknown): string | undefined {
  const odd = Object.entries(value as Record<string, unknown>).find(
    ([name, header]) => !/^integration\.request\.header\.[\w-]+$/.test(name) || typeof header !== 'string' || !/^'[^']*'$/.test(header),
  );
  return odd && `only headers with a text in single quotes are emulated here, got ${odd[0]} = ${JSON.stringify(odd[1])}.`;
}
