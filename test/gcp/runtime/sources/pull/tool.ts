import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleHandler } from '../../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../../support/folder';
import { sealedOnGcp } from '../../../../support/handler-processes';
import { type Answer, loopback } from '../../../../support/loopback';

/** Stands for a tool with a REST API: a list of guides, in pages of two. */
export class ToolStandIn {
  /** What the tool has, by pages. */
  pages: readonly (readonly object[])[] = [];
  /** What each request was asked with: the path and the token. */
  readonly asked: string[] = [];
  /** Decides on an answer instead of the page, or on nothing. */
  fate: (page: number, request: number) => Answer | undefined = () => undefined;
  /** The header Link of every page, instead of its own. */
  link: string | undefined;
  url = '';

  async start(): Promise<this> {
    this.url = await loopback(({ method, url = '', headers }) => {
      this.asked.push(`${method} ${url} ${headers.authorization}`);
      const page = Number(/page=(\d+)/.exec(url)?.[1] ?? 1);
      const body = JSON.stringify(this.pages[page - 1] ?? []);
      return this.fate(page, this.asked.length) ?? { status: 200, headers: { link: this.link ?? this.linkOf(page) }, body };
    });
    return this;
  }

  private linkOf(page: number): string {
    const first = `<${this.url}/guides?page=1>; rel="first"`;
    return page < this.pages.length ? `${first}, <${this.url}/guides?page=${page + 1}>; rel="next"` : first;
  }
}

/** What Cloud Run tells a task. */
export const STARTED = { CLOUD_RUN_EXECUTION: 'acme-pull-x7k2p', CLOUD_RUN_TASK_ATTEMPT: '0', CLOUD_RUN_TASK_COUNT: '1' };
let folder: string | undefined;

/** Run the job as it ships, in a process of its own, with this environment and no other. */
export async function startJob(env: Readonly<Record<string, string | undefined>>) {
  if (!folder) {
    folder = temporaryFolder();
    writeFileSync(path.join(folder, 'index.js'), bundleHandler('gcp/handlers/pull-to-bigquery').outputFiles[0]!.contents);
  }
  const child = spawn(process.execPath, ['index.js'], { cwd: folder, env: { ...sealedOnGcp(folder), ...STARTED, ...env } });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [output, errors] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  return { code: await ended, log: output!.trim(), errors: errors! };
}
