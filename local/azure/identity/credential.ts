/** A credential, with the interface that the clients of Azure require. */
export interface Credential {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
}

/** A credential that gets the token for a resource from `tokenFor`. */
export function credentialOf(tokenFor: (resource: string) => { readonly token: string; readonly expiresOn: Date }): Credential {
  return {
    getToken: async (scopes) => {
      const { token, expiresOn } = tokenFor([scopes].flat()[0]!.replace(/\/+\.default$/, ''));
      return { token, expiresOnTimestamp: expiresOn.getTime() };
    },
  };
}
