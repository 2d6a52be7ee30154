const expression = (value: string) => ({ value, type: 'Expression' });

/**
 * The activity that copies the files of a window. Azure fills in what is left out, and Terraform would show it as a change: so
 * every field is written.
 * @param from the name of the dataset that files are copied from
 * @param to the name of the dataset that files are copied to
 * @param prefix the folders to copy
 * @see https://learn.microsoft.com/azure/data-factory/connector-azure-blob-storage
 */
export function copyActivity(from: string, to: string, prefix = '') {
  const folder = prefix.replace(/\/$/, '');
  const dataset = (referenceName: string, path: unknown) => ({ referenceName, type: 'DatasetReference', parameters: { folder: path } });
  return {
    name: 'Copy',
    type: 'Copy',
    dependsOn: [],
    // The trigger tries a failed window again.
    policy: { timeout: '0.12:00:00', retry: 0, retryIntervalInSeconds: 30, secureOutput: false, secureInput: false },
    userProperties: [],
    typeProperties: {
      source: {
        type: 'BinarySource',
        storeSettings: {
          type: 'AzureBlobStorageReadSettings',
          recursive: true,
          wildcardFolderPath: folder === '' ? undefined : folder,
          wildcardFileName: '*',
          modifiedDatetimeStart: expression('@pipeline().parameters.windowStart'),
          modifiedDatetimeEnd: expression('@pipeline().parameters.windowEnd'),
          deleteFilesAfterCompletion: false,
        },
        formatSettings: { type: 'BinaryReadSettings' },
      },
      sink: {
        type: 'BinarySink',
        storeSettings: { type: 'AzureBlobStorageWriteSettings', copyBehavior: 'PreserveHierarchy' },
      },
      enableStaging: false,
    },
    inputs: [dataset(from, folder)],
    outputs: [dataset(to, expression("@concat('window=', formatDateTime(pipeline().parameters.windowStart, 'yyyy-MM-ddTHH-mm'))"))],
  };
}
