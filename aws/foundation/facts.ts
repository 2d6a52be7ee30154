import { HOURS } from '../../shared/read/facts/cost';
import { promised } from '../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../shared/read/facts/types';
import { every, itself, remove, set } from '../../shared/read/facts/weaken';
import { amount, is, names } from '../../shared/read/stack';
import { said } from '../../shared/read/tell';
import { watchAll, watchesOne } from './promises';

/** A type that only grants permissions. */
const grants = (name: string): TypeFacts => ({ name, role: 'grants', local: 'no effect here' });
const helps = (name: string): TypeFacts => ({ name, role: 'helps', local: 'no effect here' });

/** What several services use: identities, logs, alarms, keys. */
export const facts: ServiceFacts = {
  name: 'foundation',
  local: 'runs',
  types: {
    'AWS::CloudWatch::Alarm': {
      name: 'alarm',
      role: 'watches',
      costs: (alarm) => [
        {
          what: 'its metrics, by the month',
          price: 'cloudWatchAlarm',
          units: Math.max(1, alarm.get('Metrics.MetricStat').length),
          lower: 'No setting: each alarm is on events that are late, rejected or not processed.',
        },
      ],
      promises: [
        promised(
          'rings',
          'watch one resource and not all of its type, and treat missing data as OK',
          (alarm) => watchesOne(alarm) && is(alarm, 'TreatMissingData', 'notBreaching'),
          {
            'an alarm watches all resources of a type': watchAll(undefined, itself),
            'an alarm is raised without data': set('TreatMissingData', 'breaching'),
          },
        ),
      ],
      local: 'no effect here',
    },
    'AWS::EC2::FlowLog': {
      name: 'flow log',
      role: 'watches',
      // https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
      needs: (log) => {
        const [role] = log.refers('DeliverLogsPermissionArn');
        const [group] = log.refers('LogGroupName');
        if (!role || !group) return [];
        const because = 'the flow log is written with the role';
        return [
          { who: 'vpc-flow-logs.amazonaws.com', may: 'sts:AssumeRole', on: `\${${role.id}}`, because },
          ...['CreateLogStream', 'DescribeLogStreams', 'PutLogEvents'].map((action) => ({
            who: role.id,
            may: `logs:${action}`,
            on: `\${${group.id}}`,
            because,
          })),
        ];
      },
      local: 'no effect here',
    },
    'AWS::EC2::RouteTable': helps('route table'),
    'AWS::EC2::SecurityGroup': {
      name: 'security group',
      role: 'helps',
      promises: [
        promised(
          'private',
          'allow no traffic from all addresses',
          (group) => !/"(0\.0\.0\.0\/0|::\/0)"/.test(JSON.stringify(group.get('SecurityGroupIngress'))),
          { 'traffic from all addresses is allowed': set('SecurityGroupIngress', [{ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }]) },
        ),
      ],
      local: 'no effect here',
    },
    'AWS::EC2::Subnet': {
      name: 'subnet',
      role: 'helps',
      promises: [
        promised('private', 'give no public addresses', (subnet) => is(subnet, 'MapPublicIpOnLaunch', false), {
          'resources in a subnet get a public address': set('MapPublicIpOnLaunch', true),
        }),
      ],
      local: 'no effect here',
    },
    'AWS::EC2::SubnetRouteTableAssociation': helps('route table of a subnet'),
    'AWS::EC2::VPC': {
      name: 'network',
      role: 'helps',
      promises: [
        promised(
          'on-record',
          'have a flow log of rejected traffic',
          (vpc, stack) => stack.of('AWS::EC2::FlowLog').some((log) => names(log, 'ResourceId', vpc)),
          {
            'rejected traffic is not logged': remove(every('AWS::EC2::FlowLog')),
          },
        ),
        promised(
          'private',
          'close its default security group',
          (vpc, stack) => stack.of('Custom::VpcRestrictDefaultSG').some((one) => names(one, 'DefaultSecurityGroupId', vpc)),
          {
            'the default security group is open': remove(every('Custom::VpcRestrictDefaultSG')),
          },
        ),
      ],
      local: 'no effect here',
    },
    'AWS::EC2::VPCEndpoint': {
      ...helps('endpoint of a service'),
      costs: (endpoint) => [
        {
          what: 'an hour in each zone',
          price: 'vpcEndpoint',
          units: is(endpoint, 'VpcEndpointType', 'Interface') ? HOURS * Math.max(1, endpoint.get('SubnetIds').length) : 0,
          lower: 'Fewer `zones` of the network.',
        },
      ],
    },
    'AWS::Lambda::Version': helps('version of a function'),
    'AWS::SecretsManager::Secret': {
      name: 'secret',
      role: 'helps',
      costs: () => [
        { what: 'by the month', price: 'secret', units: 1, lower: 'No setting: the Data API authenticates only with a secret.' },
      ],
      promises: [
        promised(
          'no-passwords',
          'generate its password',
          (secret) => secret.get('GenerateSecretString').length === 1 && secret.get('SecretString').length === 0,
          {
            'a password is in the template': set('SecretString', 'secret'),
          },
        ),
      ],
      local: 'no effect here',
    },
    'Custom::Trigger': helps('call while deploying'),
    'Custom::VpcRestrictDefaultSG': helps('restriction of the default security group'),
    'AWS::IAM::ManagedPolicy': grants('managed policy'),
    'AWS::IAM::Policy': grants('policy'),
    'AWS::IAM::Role': grants('role'),
    'AWS::KMS::Key': {
      ...helps('key'),
      costs: () => [
        {
          what: 'by the month',
          price: 'kmsKey',
          units: 1,
          lower: 'No `encryptionKey`: the AWS owned and AWS managed keys are free of charge.',
        },
      ],
    },
    'AWS::Logs::LogStream': helps('log stream'),
    'AWS::Logs::LogGroup': {
      name: 'log group',
      role: 'watches',
      promises: [
        promised('logs-end', 'have a retention', (group) => amount(group, 'RetentionInDays') > 0, {
          'logs are kept forever': set('RetentionInDays'),
        }),
      ],
      local: 'no effect here',
    },
  },
  // https://github.com/josdejong/lossless-json
  harmless: [
    'lossless-json parse.parse',
    'lossless-json stringify.stringify',
    'lossless-json utils.isInteger',
    '@smithy/core Client.send',
    '@aws-sdk/client-secrets-manager SecretsManagerClient',
    '@types/node fs.readdirSync',
    '@types/node fs.readFileSync',
  ],
  calls: {
    // The answer to CloudFormation goes to a signed address.
    '@types/node fetch.fetch': ({ where }) => (where.startsWith('aws/runtime/deploy-answer.ts:') ? [] : undefined),
    // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
    '@aws-sdk/client-secrets-manager GetSecretValueCommand': ({ arguments: [input] }) => [
      { may: 'secretsmanager:GetSecretValue', on: said.part(input, 'SecretId') },
    ],
  },
};
