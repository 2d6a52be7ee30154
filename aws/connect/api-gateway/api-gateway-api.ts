import { Names, RemovalPolicy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { type ILogGroup, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct, IDependable } from 'constructs';
import { requireNumber, requireOneOf, requireResource } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { answerCommonFindings } from '../../foundation/answers';
import { accessLogFormat, stageFindings } from './api-gateway-templates';
import { isCognito, requireScopes } from './authorizer';

const QUOTA = 'For more, first request a higher account quota from AWS.';
/** The stage of an API, and a part of its URL. */
const STAGE = 'prod';

/** The settings that every API has. */
interface ApiProps {
  readonly authorizer?: apigateway.IAuthorizer;
  readonly authorizationScopes?: readonly string[];
  readonly rateLimit?: number;
  readonly burstLimit?: number;
  readonly logRetention?: RetentionDays;
  readonly accessLog?: ILogGroup;
  readonly accountLogRole?: 'existing' | 'create';
}

/** These settings, with their defaults. */
type ApiSettings = Required<Pick<ApiProps, 'rateLimit' | 'burstLimit' | 'logRetention' | 'accountLogRole'>> & {
  /** Whether callers have a token of Cognito. */
  readonly hasTokens: boolean;
};

/**
 * Check the settings that every API has.
 * @throws SettingError
 */
export function requireApi(scope: Construct, props: ApiProps): ApiSettings {
  const { rateLimit = 1000, burstLimit = 2000, logRetention = RetentionDays.ONE_MONTH, accountLogRole = 'existing' } = props;
  requireNumber(scope, { rateLimit }, { from: 1, to: 10_000, unit: 'requests a second', remedy: QUOTA });
  requireNumber(scope, { burstLimit }, { from: 1, to: 5000, unit: 'requests', remedy: QUOTA });
  requireOneOf(scope, { logRetention }, Object.values(RetentionDays).filter(Number.isInteger), 'Write it like RetentionDays.ONE_YEAR.');
  requireOneOf(scope, { accountLogRole }, ['existing', 'create'], 'Use create only in an account and region that has no such role.');
  requireResource(scope, { accessLog: props.accessLog });
  requireScopes(scope, props.authorizer, props.authorizationScopes);
  return { rateLimit, burstLimit, logRetention, accountLogRole, hasTokens: isCognito(props.authorizer) };
}

/** A log group for the access log, deleted with its stack. */
export function makeAccessLog(scope: Construct, settings: ApiSettings): LogGroup {
  return new LogGroup(scope, 'AccessLog', kept(settings));
}

/** A regional REST API with throttling, an access log, metrics and traces. It has no method yet. */
export function makeApi(scope: Construct, settings: ApiSettings, accessLog: ILogGroup): apigateway.RestApi {
  const api = new apigateway.RestApi(scope, 'Api', {
    // The name is a dimension of the metrics, so it must be unique.
    restApiName: Names.uniqueResourceName(scope, { separator: '-', maxLength: 255 }),
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    cloudWatchRole: settings.accountLogRole === 'create',
    deployOptions: {
      stageName: STAGE,
      accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
      accessLogFormat: accessLogFormat(settings.hasTokens),
      loggingLevel: apigateway.MethodLoggingLevel.ERROR,
      dataTraceEnabled: false,
      metricsEnabled: true,
      tracingEnabled: true,
      throttlingRateLimit: settings.rateLimit,
      throttlingBurstLimit: settings.burstLimit,
    },
  });
  if (settings.accountLogRole === 'create') {
    const { managedPolicyArn } = ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs');
    acknowledge(api.node.findChild('CloudWatchRole'), (role) => ({
      [`AwsSolutions-IAM4[Policy::${spell(role, managedPolicyArn)}]`]: 'It is the AWS managed policy for this purpose.',
    }));
  }
  return api;
}

/** What an API waits for, and why it has no cache. */
interface Finish {
  readonly waitFor: readonly IDependable[];
  readonly uncached: string;
}

/** The log of errors, and the order: the API is reachable only after its permissions exist. Call it when all methods are there. */
export function finishApi(scope: Construct, api: apigateway.RestApi, settings: ApiSettings, { waitFor, uncached }: Finish) {
  // Otherwise API Gateway creates this group at the first error, without a retention.
  const logGroupName = `API-Gateway-Execution-Logs_${api.restApiId}/${STAGE}`;
  const errorLog = new LogGroup(scope, 'ErrorLog', { ...kept(settings), logGroupName });
  api.deploymentStage.node.addDependency(errorLog, ...waitFor);
  acknowledge(api.deploymentStage, stageFindings(uncached));
  answerCommonFindings(scope);
}

function kept({ logRetention }: ApiSettings) {
  return { retention: logRetention, removalPolicy: RemovalPolicy.DESTROY };
}
