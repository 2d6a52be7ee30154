import { promised } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { type Edit, replace, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, only, type Stack, type Value } from '../../../shared/read/stack';

const ROLE = 'AWS::IAM::Role';
const TRUSTED = 'AssumeRolePolicyDocument.Statement.Principal.Federated';
const EQUAL = 'AssumeRolePolicyDocument.Statement.Condition.StringEquals';
const CLAIM = 'token.actions.githubusercontent.com';
const AUDIENCE = 'sts.amazonaws.com';
const ROLES = `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role`;

/** Those who trust a provider of identities. */
const trusting = (provider: Asked, stack: Stack) =>
  stack.of(ROLE).filter((role) => role.refers(TRUSTED).some(({ id }) => id === provider.id));
const roles: Which = (_, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === ROLE && JSON.stringify(body).includes(CLAIM)).map(([id]) => id);
const inTrust = (from: RegExp, to: string): Edit => replace(from, to, roles);

export const facts: ServiceFacts = {
  name: 'GitHub Actions',
  local: { not: 'nothing in it moves an event' },
  types: {
    'AWS::IAM::OIDCProvider': {
      name: 'provider of identities',
      role: 'helps',
      promises: [
        promised(
          'trusts-one',
          'be trusted for one environment of one repository alone, and for tokens that are meant for this account',
          (provider, stack) => trusting(provider, stack).every(trustsOne),
          {
            'every repository of everybody may deploy': inTrust(/"[^"]*:sub":\{.*?\]\]\}/, '"x:y":"z"'),
            'every branch of the repository may deploy': inTrust(/:environment:/, ':*:'),
            'a pattern takes the place of a name': inTrust(/"StringEquals"/, '"StringLike"'),
            'a token that is meant for somebody else is taken': inTrust(/"[^"]*:aud":"sts\.amazonaws\.com"/, '"x:y":"z"'),
          },
        ),
      ],
      needs: (provider, stack) => trusting(provider, stack).flatMap((role) => needsOf(provider, role, stack)),
      local: 'no effect here',
    },
  },
};

/** The subject is known only at deploy, where the repository is a parameter: it is read as text. */
function trustsOne(role: Asked): boolean {
  const subject = JSON.stringify(claim(role, 'sub') ?? '');
  return only(role, `${EQUAL}.${dotted('aud')}`) === AUDIENCE && /repo:.*:environment:/.test(subject) && !/[*?]/.test(subject);
}

/** What a job takes: to be the role, and what the command line of the CDK takes on. */
function needsOf(provider: Asked, role: Asked, stack: Stack): Needed[] {
  const because = 'the command line of the CDK deploys with what cdk bootstrap made';
  const condition = `StringEquals ${CLAIM}:aud ${AUDIENCE}, StringEquals ${CLAIM}:sub ${textOf(claim(role, 'sub'))}`;
  const granted = stack
    .of('AWS::IAM::Policy')
    .filter((policy) => policy.refers('Roles').some(({ id }) => id === role.id))
    .flatMap((policy) => policy.get('PolicyDocument.Statement.Resource').map(textOf));
  const taken = ['deploy-role', 'file-publishing-role'].flatMap((name) => {
    const arns = granted.filter((arn) => new RegExp(`:role/cdk-[^*/]+-${name}-[^*/]+$`).test(arn));
    return arns.length > 0 ? arns : [`${ROLES}/cdk-hnb659fds-${name}-\${AWS::AccountId}-\${AWS::Region}`];
  });
  return [
    {
      who: `\${${provider.id}}`,
      may: 'sts:AssumeRoleWithWebIdentity',
      on: `\${${role.id}}`,
      only: condition,
      because: 'a job is the role',
    },
    ...taken.map((on) => ({ who: role.id, may: 'sts:AssumeRole', on, because })),
  ];
}

function claim(role: Asked, name: 'sub' | 'aud'): Value {
  return role.get(`${EQUAL}.${dotted(name)}`)[0];
}

function dotted(name: string): string {
  return `${CLAIM}:${name}`.replaceAll('.', '\\.');
}

function textOf(value: Value): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  const { 'Fn::Join': join, Ref } = value as { readonly 'Fn::Join'?: readonly [string, readonly Value[]]; readonly Ref?: string };
  return join ? join[1].map(textOf).join(join[0]) : `\${${Ref}}`;
}
