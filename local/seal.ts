import path from 'node:path';

/** Refuses connections to other hosts. Node loads it before everything else. */
export const GUARD: readonly string[] = ['--require', path.join(__dirname, 'guard.cjs')];

/**
 * All environment variables of a process with clients of a cloud: none of the user, fake credentials, and no way to get real ones.
 * @param home an empty folder, where clients look for configuration
 */
export function sealed(home: string): Record<string, string> {
  return {
    HOME: home,
    USERPROFILE: home,
    // Clients run programs such as gcloud to get credentials. This `PATH` has none of them.
    PATH: path.join(home, 'no-programs'),
    TZ: 'UTC',
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AZURE_CONFIG_DIR: home,
    CLOUDSDK_CONFIG: home,
    GOOGLE_APPLICATION_CREDENTIALS: '',
    // No server listens there. A platform with a metadata server sets its address.
    GCE_METADATA_HOST: '127.0.0.1:1',
  };
}
