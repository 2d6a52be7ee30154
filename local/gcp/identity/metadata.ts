import { type Loopback, serve } from '../../loopback';

/** A stand-in for the metadata server of Google's machines, which clients ask for a token before they do anything. */
export interface MetadataServer extends Loopback {
  /** The paths that were asked for. */
  readonly asked: readonly string[];
}

/**
 * Start a metadata server whose token is worthless. A process finds it by `GCE_METADATA_HOST`, which must be set before a
 * client of Google loads: without it a client asks the server of the machine it runs on.
 */
export async function serveMetadata(project: string): Promise<MetadataServer> {
  const answers: Readonly<Record<string, string>> = {
    '/computeMetadata/v1/instance': '',
    '/computeMetadata/v1/project/project-id': project,
    '/computeMetadata/v1/universe/universe-domain': 'googleapis.com',
    '/computeMetadata/v1/instance/service-accounts/default/token': JSON.stringify({
      access_token: 'worthless',
      expires_in: 3600,
      token_type: 'Bearer',
    }),
  };
  const asked: string[] = [];
  const server = await serve(({ url }) => {
    const path = new URL(url!, 'http://metadata').pathname.replace(/\/$/, '');
    asked.push(path);
    const body = Object.hasOwn(answers, path) ? answers[path] : undefined;
    const headers = {
      'metadata-flavor': 'Google',
      'content-type': path.endsWith('/token') ? 'application/json' : 'application/text',
    };
    return body === undefined ? { status: 404, headers } : { status: 200, headers, body };
  });
  return { ...server, asked };
}

/**
 * What keeps Google's clients from credentials that are not theirs. `empty` is an empty folder: where configuration is, and
 * where programs are, since a client also asks `gcloud` where it finds it.
 */
export function withoutCredentials(metadata: MetadataServer, empty: string): Record<string, string> {
  const folders = { CLOUDSDK_CONFIG: empty, HOME: empty, PATH: empty };
  return { ...folders, GCE_METADATA_HOST: metadata.host, GOOGLE_APPLICATION_CREDENTIALS: '' };
}
