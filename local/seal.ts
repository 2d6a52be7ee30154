import path from 'node:path';

/** Keeps a process from talking to anything but this machine. Node loads it before everything else. */
export const GUARD: readonly string[] = ['--require', path.join(__dirname, 'guard.cjs')];

/**
 * The whole environment of a process that holds clients of a cloud: nothing of the person's own, credentials of no worth,
 * and nobody to ask for better ones.
 * @param home an empty folder, where clients look for configuration
 */
export function sealed(home: string): Record<string, string> {
  return {
    HOME: home,
    USERPROFILE: home,
    // Clients start programs such as gcloud to ask for credentials. None is found there, while a shell has a path of its own.
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
    // Nobody listens there. A platform that has a stand-in says where.
    GCE_METADATA_HOST: '127.0.0.1:1',
  };
}
