/** Whoever shows a token: the shape that the clients of Azure ask for. */
export interface Credential {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
}

/** A credential that asks for the token of a resource. */
export function credentialOf(tokenFor: (resource: string) => { readonly token: string; readonly expiresOn: Date }): Credential {
  return {
    getToken: async (scopes) => {
      const { token, expiresOn } = tokenFor([scopes].flat()[0]!.replace(/\/+\.default$/, ''));
      return { token, expiresOnTimestamp: expiresOn.getTime() };
    },
  };
}
