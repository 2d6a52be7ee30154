/** What an instance needs beside its place and its views. */
export const NEEDED = {
  edition: 'STANDARD',
  oauthClient: { clientId: '123456789012-abc.apps.googleusercontent.com', clientSecret: 'GOCSPX-secret-of-a-client' },
  emailDomains: ['example.com'],
} as const;
