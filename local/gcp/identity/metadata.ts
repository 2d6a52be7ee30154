import { type Loopback, serve } from '../../loopback';

/** An emulator of the Compute Engine metadata server, from which clients get their token. */
export interface MetadataServer extends Loopback {
  /** The requested paths. */
  readonly asked: readonly string[];
}

/**
 * Start a metadata server whose token is not valid anywhere. A process finds it by `GCE_METADATA_HOST`, which must be set before
 * a Google client loads. Without it, a client calls the real metadata server of the machine.
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
 * The environment variables that keep Google clients from finding credentials of the user. `empty` is an empty folder, for
 * configuration and for programs, because a client also runs `gcloud` if it is found.
 */
export function withoutCredentials(metadata: MetadataServer, empty: string): Record<string, string> {
  const folders = { CLOUDSDK_CONFIG: empty, HOME: empty, PATH: empty };
  return { ...folders, GCE_METADATA_HOST: metadata.host, GOOGLE_APPLICATION_CREDENTIALS: '' };
}
