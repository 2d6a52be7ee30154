import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { catalogOf } from '../../../bin/copy/choice';
import { select } from '../../../bin/copy/copy';
import { PACKAGES } from '../../../bin/installed';
import { CLOUDS } from '../../../shared/synth/blueprints';
import { committed, edit, emptyApp, run } from '../../support/copies';

const ROOT = path.join(__dirname, '../../..');
const CORE = './node_modules/aws-cdk-lib/core/index.d.ts';
const { services, handlers, blueprints } = catalogOf(ROOT);

test('everything, and the lines of use of each service alone, compiles as strictly as cdk init and cdktf init ask together', async () => {
  // One app that holds everything. What is copied alone is a part of it.
  const app = emptyApp();
  expect(await run(committed(), ...services, ...handlers, ...blueprints, app)).toMatchObject({ code: 0 });
  const alone = [...services, ...blueprints].flatMap((name) =>
    select([name], ROOT, { into: '', project: app }).uses.map((use) => ({ name, use })),
  );
  const together = CLOUDS.flatMap((cloud) =>
    select(
      services.filter((name) => name.startsWith(`${cloud}/`)),
      ROOT,
      { into: '', project: app },
    ).uses.map((use) => ({ name: cloud, use })),
  );
  for (const { name, use } of [...alone, ...together]) {
    if (use.lines.length === 0) continue;
    const file = path.join(app, path.dirname(use.file), `${name.replaceAll('/', '-').replace(/\.ts$/, '')}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${use.lines.join('\n')}\nexport {};\n`);
  }
  const entries = readdirSync(app).filter((entry) => entry !== 'node_modules' && !entry.startsWith('.'));
  expect(faultsOf(app, entries)).toEqual([]);
  // A compiler that looks at nothing would find nothing.
  edit(app, 'gcp/ports/stores.ts', (text) => `${text}export const later = [2, 1].toSorted();\n`);
  expect(faultsOf(app, ['gcp/ports'])).toEqual(expect.arrayContaining([expect.stringMatching(/gcp\/ports\/stores\.ts.*toSorted/)]));
});

/** What the compiler says of an app, in the settings of its folder and those of `cdktf init`: the one that `cdk init` installs, which oxlint brings. */
function faultsOf(folder: string, entries: readonly string[]): string[] {
  edit(folder, 'tsconfig.json', (text) => {
    const { compilerOptions, ...others } = JSON.parse(text);
    const ofCdktf = {
      noUnusedLocals: true,
      noUnusedParameters: true,
      noFallthroughCasesInSwitch: true,
      strictPropertyInitialization: true,
    };
    // The tests of Jest are none of ours; and the barrel brings the types of all AWS, which take long to read.
    return JSON.stringify({
      ...others,
      compilerOptions: { ...compilerOptions, ...ofCdktf, types: ['node'], paths: { 'aws-cdk-lib': [CORE] } },
    });
  });
  const args = ['--type-aware', '--type-check', '--allow', 'all', '--format', 'unix', '--ignore-pattern', 'node_modules', ...entries];
  const { status, stdout, stderr } = spawnSync(path.join(PACKAGES, '.bin/oxlint'), args, { cwd: folder, encoding: 'utf8' });
  return status === 0 && stderr === '' ? [] : [...stdout.split('\n'), ...stderr.split('\n')].filter(Boolean);
}
