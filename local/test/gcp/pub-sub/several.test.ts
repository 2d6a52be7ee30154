import path from 'node:path';
import { App } from 'cdktf';
import type { Construct } from 'constructs';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { GcpPlatform } from '../../../../gcp/foundation/platform';
import { CloudFunctionProcessor } from '../../../../gcp/processing/cloud-functions/cloud-function-processor';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { corpus, take } from '../../../corpus';
import { readGcp } from '../../../gcp/blueprint';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';
import { idle } from '../edits';

/** Events become objects by a function, rows by Pub/Sub itself, and files by Pub/Sub itself in the bucket of the function. */
class Several extends GcpPlatform {
  constructor(scope: Construct, id: string) {
    super(scope, id, {});
    const { site } = this;
    const buffer = new PubSubBuffer(this, 'Buffer', { site });
    const store = new CloudStorageStore(this, 'Store', { site });
    const code = packageHandler('gcp/handlers/pub-sub-to-cloud-storage');
    new CloudFunctionProcessor(this, 'Processing', { site, code, source: buffer, stores: { STORE: store } });
    buffer.deliverInto(new BigQueryRawStore(this, 'StoreRaw', { site, name: 'raw' }), 'raw');
    buffer.deliverInto(store, 'files');
  }
}

/** Two topics that both deliver. */
class TwoDoors extends GcpPlatform {
  constructor(scope: Construct, id: string) {
    super(scope, id, {});
    const { site } = this;
    const store = new CloudStorageStore(this, 'Store', { site });
    for (const name of ['hot', 'cold']) new PubSubBuffer(this, name, { site, name }).deliverInto(store, name);
  }
}

function synthesizedAs(build: (app: App) => GcpPlatform): string {
  const outdir = temporaryFolder();
  const app = new App({ outdir, skipValidation: true });
  const { node } = build(app);
  app.synth();
  return path.join(outdir, 'stacks', node.id);
}

test.each([undefined, 'duplicate'] as const)(
  'a function, a table and files of one topic each have every event (fault: %s)',
  async (fault) => {
    const folder = synthesizedAs((app) => new Several(app, 'several'));
    const samples = [...take(corpus(), 60)];
    const { balance } = await runOnce({ cloud: 'gcp', folder, samples, fault, pace: 1500 });
    expect(balance).toMatchObject({ sent: 60, accepted: 60, faults: [] });
    expect(balance.stored + Object.values(balance.deadLettered).reduce((sum, count) => sum + count, 0)).toBe(60);
  },
);

test('two topics that deliver are not run here', async () => {
  const { start } = await readGcp(synthesizedAs((app) => new TwoDoors(app, 'two')));
  await expect(start(idle(temporaryFolder()))).rejects.toThrow('events of 2 topics are delivered, and the local run sends to one only.');
});
