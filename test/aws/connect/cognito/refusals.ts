import type { Stack } from 'aws-cdk-lib';
import { CognitoAuthorizer } from '../../../../aws/connect/cognito/cognito-authorizer';
import type { Refusals } from '../../../support/refusals';

const people = (...callbackUrls: unknown[]) => ({ app: { kind: 'people', callbackUrls } });

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    CognitoAuthorizer: {
      settings: {
        clients: [
          '',
          5,
          true,
          [],
          {},
          { app: {} },
          { app: null },
          { app: { kind: 'robot' } },
          { 'my-app': { kind: 'machine' } },
          { app: { kind: 'people' } },
          { app: { kind: 'machine', callbackUrls: ['https://example.com'] } },
          { app: { kind: 'machine', scopes: [] } },
          { app: { kind: 'machine', scopes: 'write' } },
          { app: { kind: 'machine', scopes: ['read'] } },
          ...[
            'http://example.com',
            'http://localhost.example.com',
            'https://example.com/#a',
            "https://example.com/'",
            'example.com',
            '',
            5,
          ].map((one) => people(one)),
        ],
        scopes: ['', 5, true, [], {}, { '': 'Send.' }, { 'two words': 'Send.' }, { 'a/b': 'Send.' }, { write: '' }, { write: 5 }],
        resourceServer: 'text',
        tokenValidity: 'time',
        domainPrefix: 'text',
        domain: 'text',
        userPool: 'resource',
        removal: 'choice',
      },
      make: (id, props) => new CognitoAuthorizer(aws, id, props),
    },
  },
});
