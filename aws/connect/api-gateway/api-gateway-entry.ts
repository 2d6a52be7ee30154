import { Names, RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable, type IRole, ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { requireNumber, requireOneOf, requireResource, SettingError } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import type { Workload } from '../../ports/identity';
import type { PutRecordRequest, RecordSink } from '../../ports/records';
import { alarmsOf } from './api-gateway-alarms';
import { accessLogFormat, answersTo, RECORD, STAGE_FINDINGS, templateOf } from './api-gateway-templates';
import { isCognito, isIam, requireScopes, sendCommand, sendNeeds } from './authorizer';

const QUOTA = 'Ask AWS for a higher account quota first.';
/** The stage of the API, and a part of its address. */
const STAGE = 'prod';

/** Settings for {@link ApiGatewayEntry}. */
export interface ApiGatewayEntryProps {
  /** Where the events go. */
  readonly sink: RecordSink;
  /** The contract of an event, as a JSON Schema of draft 4. A body that breaks it is answered with 400 and the reason. */
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /**
   * Who may send. Instead of IAM, a Cognito or a Lambda authorizer decides.
   * @default - IAM: callers sign their requests, and need a grant such as `grantSend`
   */
  readonly authorizer?: apigateway.IAuthorizer;
  /**
   * The scopes, one of which a token must have, as `resource-server/scope`. Machines come with access tokens, which a Cognito
   * authorizer takes only where scopes are asked for; without scopes it takes the identity tokens of people.
   * @default - none
   */
  readonly authorizationScopes?: readonly string[];
  /**
   * Requests per second over time, from 1 to 10000. More are answered with 429.
   * @default 1000
   */
  readonly rateLimit?: number;
  /**
   * Requests at one moment, from 1 to 5000. More are answered with 429.
   * @default 2000
   */
  readonly burstLimit?: number;
  /**
   * How long the access log and the log of errors are kept.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing log group for the access log.
   * @default - a new log group, deleted with the stack
   */
  readonly accessLog?: ILogGroup;
  /**
   * The role that lets API Gateway write logs belongs to the account and region, not to this API. `create` makes it and
   * so replaces the one that is there. With `existing` a deploy into an account without one fails, and says
   * "CloudWatch Logs role ARN must be set in account settings".
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/**
 * Connect stage: a regional REST API that takes one event at `POST /events`, checks it, and hands it to the buffer
 * without any code between.
 *
 * Not for events over 1 MiB, for browsers (no CORS), or for clients that can neither sign nor bring a token. An API key
 * is no authentication, so there is no setting for one. For a web firewall, associate one with `api.deploymentStage`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html
 */
export class ApiGatewayEntry extends Construct implements Workload {
  /** The API, for anything this construct does not cover. */
  readonly api: apigateway.RestApi;
  /** The role that API Gateway hands events over with. */
  readonly role: IRole;
  /** The address that takes events. */
  readonly url: string;
  /** A command that sends the event in `event.json`, as the authorizer wants it. */
  readonly curl: string;
  /** What whoever runs that command must have, as a sentence. */
  readonly curlNeeds: string;
  /** Events that were turned away, by our fault or by the senders'. None has an action yet. */
  readonly alarms: readonly Alarm[];
  private readonly isIam: boolean;

  constructor(scope: Construct, id: string, props: ApiGatewayEntryProps) {
    super(scope, id);
    const { rateLimit = 1000, burstLimit = 2000, logRetention = RetentionDays.ONE_MONTH, accountLogRole = 'existing' } = props;
    requireNumber(this, { rateLimit }, { from: 1, to: 10_000, unit: 'requests a second', remedy: QUOTA });
    requireNumber(this, { burstLimit }, { from: 1, to: 5000, unit: 'requests', remedy: QUOTA });
    requireOneOf(this, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
    requireOneOf(this, { accountLogRole }, ['existing', 'create'], 'Only a fresh account needs create.');
    requireResource(this, { accessLog: props.accessLog });
    requireScopes(this, props.authorizer, props.authorizationScopes);
    this.isIam = isIam(props.authorizer);

    const kept = { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY };
    const accessLog = props.accessLog ?? new LogGroup(this, 'AccessLog', kept);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') });
    const request = props.sink.bindRequest(this, RECORD);

    this.api = new apigateway.RestApi(this, 'Api', {
      // The name is a dimension of the metrics, so it must be this API's alone.
      restApiName: Names.uniqueResourceName(this, { separator: '-', maxLength: 255 }),
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      cloudWatchRole: accountLogRole === 'create',
      deployOptions: {
        stageName: STAGE,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
        accessLogFormat: accessLogFormat(),
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        metricsEnabled: true,
        tracingEnabled: true,
        throttlingRateLimit: rateLimit,
        throttlingBurstLimit: burstLimit,
      },
    });
    this.api.addGatewayResponse('InvalidEvent', {
      type: apigateway.ResponseType.BAD_REQUEST_BODY,
      statusCode: '400',
      templates: { 'application/json': '{"message":$context.error.messageString,"reason":"$context.error.validationErrorString"}' },
    });
    if (accountLogRole === 'create') {
      const { managedPolicyArn } = ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs');
      acknowledge(this.api.node.findChild('CloudWatchRole'), (role) => ({
        [`AwsSolutions-IAM4[Policy::${spell(role, managedPolicyArn)}]`]: 'AWS keeps this policy for this one purpose.',
      }));
    }
    this.addEvents(props, request);
    const { restApiId, deploymentStage } = this.api;
    // API Gateway would make this group itself with the first error, and keep what is in it for ever.
    const errorLog = new LogGroup(this, 'ErrorLog', { ...kept, logGroupName: `API-Gateway-Execution-Logs_${restApiId}/${STAGE}` });
    deploymentStage.node.addDependency(errorLog, ...request.waitFor);
    acknowledge(deploymentStage, STAGE_FINDINGS);
    answerCommonFindings(this);
    this.url = this.api.urlForPath('/events');
    this.curl = sendCommand(this.url, props.authorizer);
    this.curlNeeds = sendNeeds(props.authorizer);
    this.alarms = alarmsOf(this, this.api);
  }

  /**
   * Let `grantee` send events, and nothing else.
   * @throws SettingError where another authorizer decides, which knows no permissions
   */
  grantSend(grantee: IGrantable): Grant {
    if (!this.isIam) {
      throw new SettingError(this, 'grantSend needs IAM to authorize', 'an authorizer', 'Let the authorizer know the senders.');
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
    const answers = answersTo(request);

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
          integrationResponses: answers,
        },
      }),
      {
        authorizationType: props.authorizer?.authorizationType ?? apigateway.AuthorizationType.IAM,
        authorizer: props.authorizer,
        authorizationScopes: props.authorizationScopes && [...props.authorizationScopes],
        requestModels: Object.fromEntries(contentTypes.map((contentType) => [contentType, model])),
        requestValidatorOptions: { validateRequestBody: true, validateRequestParameters: true },
        methodResponses: [...new Set(answers.map(({ statusCode }) => statusCode))].map((statusCode) => ({ statusCode })),
      },
    );
    if (request.madeFrom !== undefined) this.api.latestDeployment?.addToLogicalId({ madeFrom: request.madeFrom });
    if (!isCognito(props.authorizer)) {
      acknowledge(method, { 'AwsSolutions-COG4': 'Machines send. For people give an authorizer, which may be of Cognito.' });
    }
  }
}
