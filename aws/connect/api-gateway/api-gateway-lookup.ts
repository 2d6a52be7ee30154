import { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type NumberRule, requireNumber, SettingError } from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { allow } from '../../foundation/grants';
import type { Workload } from '../../ports/identity';
import type { TableStore } from '../../ports/stores';
import { alarmsOf, LOOK_UPS } from './api-gateway-alarms';
import { finishApi, makeAccessLog, makeApi, requireApi } from './api-gateway-api';
import { curlWith, isCognito, isIam, sendNeeds } from './authorizer';
import { LookUpFunction } from './look-up-function';

const ROWS: NumberRule = { from: 1, to: 100, unit: 'rows', remedy: 'For more rows, query the table itself.' };
/** Lambda allows 4 KB for all variables of a function. */
const DEFAULT_BYTES = 2048;
const UNCACHED = 'A cache costs by the hour, and a cached answer would leave out rows that were stored since.';

/** Settings for {@link ApiGatewayLookup}. */
export interface ApiGatewayLookupProps {
  /** The store of the rows: a `DynamoDbStore` with `lookUpBy`. */
  readonly store: TableStore;
  /**
   * The maximum number of rows in an answer, the newest, from 1 to 100. An answer has fewer if they have more than about 1 MB.
   * @default 25
   */
  readonly maxRows?: number;
  /**
   * The rows that a caller gets if nothing is found, or if the table does not answer in time, at most 2 KB of JSON. The answer says
   * which: `found` is `no` with the status 200, or `unknown` with 503.
   * @default - no rows
   */
  readonly defaultRows?: readonly object[];
  /**
   * A Cognito or a Lambda authorizer, which decides who may look up instead of IAM.
   * @default - IAM: callers sign their requests, and require a permission such as `grantLookUp`
   */
  readonly authorizer?: apigateway.IAuthorizer;
  /**
   * OAuth scopes as `resource-server/scope`: a token must have one of them.
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
   * The retention of the access log, the execution log and the log of the function.
   * @default one month
   */
  readonly logRetention?: RetentionDays;
  /**
   * An existing log group for the access log.
   * @default - a new log group, deleted with the stack
   */
  readonly accessLog?: ILogGroup;
  /**
   * API Gateway needs one role to write logs, for each account and region. `create` creates it, and replaces the existing one.
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/**
 * Connect stage: a regional REST API with one method, `GET /rows?key=KEY`, for people or machines that read the rows of one key. A
 * function queries the table, and answers within a second: with the rows, newest first, or with the default rows.
 *
 * Not for scans, filters or reports: query objects with Athena. Not for browsers (no CORS). The key is part of the URL, so callers
 * and proxies can log it: the access log of the API does not have it.
 *
 * Idle it costs nothing but its alarms. A million look-ups cost about 3.50 USD for API Gateway, 0.50 for Lambda and 0.13 for DynamoDB.
 * A deploy changes every setting in place, and keeps the URL.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export class ApiGatewayLookup extends Construct implements Workload {
  /** The API, for anything this construct does not cover. */
  readonly api: apigateway.RestApi;
  /** The role with which API Gateway calls the function. */
  readonly role: Role;
  /** The function that reads the table. */
  readonly function: LambdaFunction;
  /** The URL to look up at, without the key. */
  readonly url: string;
  /** A command that looks up `KEY`, signed or with a token. */
  readonly curl: string;
  /** What that command requires, as a sentence. */
  readonly curlNeeds: string;
  /** Server errors, client errors, and failed and throttled calls. They have no action yet. */
  readonly alarms: readonly Alarm[];
  private readonly isIam: boolean;

  constructor(scope: Construct, id: string, props: ApiGatewayLookupProps) {
    super(scope, id);
    const { store, maxRows = 25, defaultRows = [], authorizer } = props;
    const settings = requireApi(this, props);
    requireNumber(this, { maxRows }, ROWS, 'known');
    requireRows(this, defaultRows);
    this.isIam = isIam(authorizer);

    const { logRetention } = settings;
    const lookUp = new LookUpFunction(this, 'LookUp', { store, maxRows, defaultRows, logRetention });
    this.function = lookUp.function;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('apigateway.amazonaws.com') });
    const mayCall = allow(this, this.function.functionArn, ['lambda:InvokeFunction']);
    this.api = makeApi(this, settings, props.accessLog ?? makeAccessLog(this, settings));
    this.addRows(props);
    finishApi(this, this.api, settings, { waitFor: mayCall, uncached: UNCACHED });
    this.url = this.api.urlForPath('/rows');
    this.curl = curlWith(`'${this.url}?key=KEY'`, authorizer);
    this.curlNeeds = sendNeeds(authorizer, 'that grantLookUp or a policy allows to look up');
    this.alarms = [...alarmsOf(this, this.api, LOOK_UPS), ...lookUp.alarms];
  }

  /**
   * Allow `grantee` to look up, and nothing else.
   * @throws SettingError with another authorizer, because IAM permissions have no effect there
   */
  grantLookUp(grantee: IGrantable): Grant {
    if (!this.isIam) {
      throw new SettingError(this, 'grantLookUp requires IAM authorization', 'an authorizer', 'Allow the callers in the authorizer.');
    }
    const resourceArns = [this.api.arnForExecuteApi('GET', '/rows', this.api.deploymentStage.stageName)];
    return Grant.addToPrincipal({ grantee, actions: ['execute-api:Invoke'], resourceArns });
  }

  private addRows({ authorizer, authorizationScopes }: ApiGatewayLookupProps) {
    const method = this.api.root.addResource('rows').addMethod(
      'GET',
      new apigateway.AwsIntegration({
        service: 'lambda',
        path: `2015-03-31/functions/${this.function.functionArn}/invocations`,
        proxy: true,
        options: { credentialsRole: this.role, timeout: Duration.seconds(5) },
      }),
      {
        authorizationType: authorizer?.authorizationType ?? apigateway.AuthorizationType.IAM,
        authorizer,
        authorizationScopes: authorizationScopes && [...authorizationScopes],
        requestParameters: { 'method.request.querystring.key': true },
        requestValidatorOptions: { validateRequestBody: true, validateRequestParameters: true },
      },
    );
    if (isCognito(authorizer)) return;
    acknowledge(method, {
      'AwsSolutions-COG4': 'The callers are machines, which sign with IAM. For people, set authorizer to a Cognito authorizer.',
    });
  }
}

function requireRows(scope: Construct, defaultRows: readonly object[]) {
  const isRow = (row: unknown) => typeof row === 'object' && row !== null && !Array.isArray(row);
  const remedy = 'Write them like [{ language: "en" }].';
  if (!Array.isArray(defaultRows) || !defaultRows.every(isRow)) {
    throw new SettingError(
      scope,
      'defaultRows must be a list of objects',
      Array.isArray(defaultRows) ? 'a list' : typeof defaultRows,
      remedy,
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(defaultRows));
  if (bytes <= DEFAULT_BYTES) return;
  throw new SettingError(
    scope,
    `defaultRows must be at most ${DEFAULT_BYTES} bytes of JSON`,
    bytes,
    'Lambda allows 4 KB for all variables.',
  );
}
