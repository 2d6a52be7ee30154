import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable, type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import type { Workload } from '../../ports/identity';
import type { PutRecordRequest, RecordSink } from '../../ports/records';
import { alarmsOf, EVENTS } from './api-gateway-alarms';
import { finishApi, makeAccessLog, makeApi, requireApi } from './api-gateway-api';
import { integrationResponses, RECORD, templateOf } from './api-gateway-templates';
import { isCognito, isIam, sendCommand, sendNeeds } from './authorizer';

const UNCACHED = 'Events are sent by POST, and API Gateway caches only responses to GET.';

/** Settings for {@link ApiGatewayEntry}. */
export interface ApiGatewayEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /** The contract of an event, as a JSON Schema of draft 4. A body that does not match it gets 400 and the reason. */
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /**
   * A Cognito or a Lambda authorizer, which decides who may send instead of IAM.
   * @default - IAM: senders sign their requests, and require a permission such as `grantSend`
   */
  readonly authorizer?: apigateway.IAuthorizer;
  /**
   * OAuth scopes as `resource-server/scope`: a token must have one of them. With scopes a Cognito authorizer accepts access
   * tokens, which machines have; without scopes it accepts the identity tokens of people.
   * @default - none
   */
  readonly authorizationScopes?: readonly string[];
  /**
   * The steady rate of requests per second, from 1 to 10000. Requests above it get 429.
   * @default 1000
   */
  readonly rateLimit?: number;
  /**
   * The burst of concurrent requests, from 1 to 5000. Requests above it get 429.
   * @default 2000
   */
  readonly burstLimit?: number;
  /**
   * The retention of the access log and the execution log.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing log group for the access log.
   * @default - a new log group, deleted with the stack
   */
  readonly accessLog?: ILogGroup;
  /**
   * API Gateway needs one role to write logs, for each account and region. `create` creates it, and replaces the existing
   * one. With `existing`, a deploy into an account without such a role fails with
   * "CloudWatch Logs role ARN must be set in account settings".
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/**
 * Connect stage: a regional REST API that accepts one event at `POST /events`, validates it, and writes it to the buffer
 * without code in between.
 *
 * Not for events over 1 MiB, for browsers (no CORS), or for clients that can neither sign nor send a token. There is no
 * setting for API keys, because they are not authentication. For AWS WAF, associate a web ACL with `api.deploymentStage`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html
 */
export class ApiGatewayEntry extends Construct implements Workload {
  /** The API, for anything this construct does not cover. */
  readonly api: apigateway.RestApi;
  /** The role with which API Gateway writes to the buffer. */
  readonly role: IRole;
  /** The URL to send events to. */
  readonly url: string;
  /** A command that sends the event in `event.json`, signed or with a token. */
  readonly curl: string;
  /** What that command requires, as a sentence. */
  readonly curlNeeds: string;
  /** Server errors and client errors. They have no action yet. */
  readonly alarms: readonly Alarm[];
  private readonly isIam: boolean;

  constructor(scope: Construct, id: string, props: ApiGatewayEntryProps) {
    super(scope, id);
    const settings = requireApi(this, props);
    this.isIam = isIam(props.authorizer);

    const accessLog = props.accessLog ?? makeAccessLog(this, settings);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') });
    const request = props.sink.bindRequest(this, RECORD);

    this.api = makeApi(this, settings, accessLog);
    this.api.addGatewayResponse('InvalidEvent', {
      type: apigateway.ResponseType.BAD_REQUEST_BODY,
      statusCode: '400',
      templates: { 'application/json': '{"message":$context.error.messageString,"reason":"$context.error.validationErrorString"}' },
    });
    this.addEvents(props, request);
    finishApi(this, this.api, settings, { waitFor: request.waitFor, uncached: UNCACHED });
    this.url = this.api.urlForPath('/events');
    this.curl = sendCommand(this.url, props.authorizer);
    this.curlNeeds = sendNeeds(props.authorizer);
    this.alarms = alarmsOf(this, this.api, EVENTS);
  }

  /**
   * Allow `grantee` to send events, and nothing else.
   * @throws SettingError with another authorizer, because IAM permissions have no effect there
   */
  grantSend(grantee: IGrantable): Grant {
    if (!this.isIam) {
      throw new SettingError(this, 'grantSend requires IAM authorization', 'an authorizer', 'Allow the senders in the authorizer.');
    }
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: [this.api.arnForExecuteApi('POST', '/events', this.api.deploymentStage.stageName)],
    });
  }

  private addEvents(props: ApiGatewayEntryProps, request: PutRecordRequest) {
    const contentTypes = ['application/json', 'application/cloudevents+json'];
    const { $schema: _, ...eventSchema } = props.eventSchema;
    const schema = { ...eventSchema, schema: apigateway.JsonSchemaVersion.DRAFT4 } as apigateway.JsonSchema;
    const model = this.api.addModel('Event', { contentType: 'application/json', schema });
    const template = templateOf(request);
    const responses = integrationResponses(request);

    const method = this.api.root.addResource('events').addMethod(
      'POST',
      new apigateway.AwsIntegration({
        service: request.service,
        action: request.action,
        integrationHttpMethod: 'POST',
        options: {
          credentialsRole: this.role,
          passthroughBehavior: apigateway.PassthroughBehavior.NEVER,
          requestParameters: { 'integration.request.header.Content-Type': `'${request.contentType}'` },
          requestTemplates: Object.fromEntries(contentTypes.map((contentType) => [contentType, template])),
          integrationResponses: responses,
        },
      }),
      {
        authorizationType: props.authorizer?.authorizationType ?? apigateway.AuthorizationType.IAM,
        authorizer: props.authorizer,
        authorizationScopes: props.authorizationScopes && [...props.authorizationScopes],
        requestModels: Object.fromEntries(contentTypes.map((contentType) => [contentType, model])),
        requestValidatorOptions: { validateRequestBody: true, validateRequestParameters: true },
        methodResponses: [...new Set(responses.map(({ statusCode }) => statusCode))].map((statusCode) => ({ statusCode })),
      },
    );
    if (request.madeFrom !== undefined) this.api.latestDeployment?.addToLogicalId({ madeFrom: request.madeFrom });
    if (!isCognito(props.authorizer)) {
      acknowledge(method, {
        'AwsSolutions-COG4': 'The senders are machines, which sign with IAM. For people, set authorizer to a Cognito authorizer.',
      });
    }
  }
}
