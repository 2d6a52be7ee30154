type Expression = { readonly value: string; readonly type: 'Expression' };
const expression = (value: string): Expression => ({ value, type: 'Expression' });

/** What a run of a pipeline copies. */
export interface Copied {
  /** The parameters of the pipeline, which its trigger sets. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The folder to read. */
  readonly folder: string | Expression;
  /** The file to read. Without it, all files below the folder. */
  readonly file?: Expression;
  /** Which of them. */
  readonly filter?: Readonly<Record<string, unknown>>;
  /** The folder to write. */
  readonly into: Expression;
}

/** The files that were written in a window, into a folder named after its start. */
export function filesOfWindow(prefix = ''): Copied {
  return {
    parameters: { windowStart: '', windowEnd: '' },
    folder: prefix.replace(/\/$/, ''),
    filter: {
      wildcardFileName: '*',
      modifiedDatetimeStart: expression('@pipeline().parameters.windowStart'),
      modifiedDatetimeEnd: expression('@pipeline().parameters.windowEnd'),
    },
    into: expression("@concat('window=', formatDateTime(pipeline().parameters.windowStart, 'yyyy-MM-ddTHH-mm'))"),
  };
}

/** Azure names a new file with the container at the start of its folder. */
const FOLDER = expression("@join(skip(split(pipeline().parameters.folder, '/'), 1), '/')");
/** A new file, into the folder that it has in its own store. */
export const NEW_FILE: Copied = {
  parameters: { folder: '', file: '' },
  folder: FOLDER,
  file: expression('@pipeline().parameters.file'),
  into: FOLDER,
};

/**
 * The activity that copies files. Azure fills in what is left out, and Terraform would show it as a change: so every field is
 * written.
 * @param from the name of the dataset that files are copied from
 * @param to the name of the dataset that files are copied to
 * @see https://learn.microsoft.com/azure/data-factory/connector-azure-blob-storage
 */
export function copyActivity(from: string, to: string, { folder, file, filter, into }: Copied, retry: number) {
  const dataset = (referenceName: string, parameters: object) => ({ referenceName, type: 'DatasetReference', parameters });
  return {
    name: 'Copy',
    type: 'Copy',
    dependsOn: [],
    policy: { timeout: '0.12:00:00', retry, retryIntervalInSeconds: 60, secureOutput: false, secureInput: false },
    userProperties: [],
    typeProperties: {
      source: {
        type: 'BinarySource',
        storeSettings: { type: 'AzureBlobStorageReadSettings', recursive: true, ...filter, deleteFilesAfterCompletion: false },
        formatSettings: { type: 'BinaryReadSettings' },
      },
      sink: {
        type: 'BinarySink',
        storeSettings: { type: 'AzureBlobStorageWriteSettings', copyBehavior: 'PreserveHierarchy' },
      },
      enableStaging: false,
    },
    inputs: [dataset(from, { folder, file })],
    outputs: [dataset(to, { folder: into })],
  };
}
