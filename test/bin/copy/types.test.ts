import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { catalogOf } from '../../../bin/copy/choice';
import { select } from '../../../bin/copy/copy';
import { CLOUDS } from '../../../shared/synth/blueprints';
import { committed, emptyApp, run } from '../../support/copies';

const ROOT = path.join(__dirname, '../../..');
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
  expect(faultsOf(app)).toEqual([]);
});

/** What the compiler says of an app, in strict settings. */
function faultsOf(folder: string): string[] {
  const { config } = ts.readConfigFile(path.join(folder, 'tsconfig.json'), ts.sys.readFile);
  Object.assign(config.compilerOptions, {
    // What cdktf init asks for besides.
    noUnusedLocals: true,
    noUnusedParameters: true,
    noFallthroughCasesInSwitch: true,
    strictPropertyInitialization: true,
    // The tests of Jest are none of ours; and the types of all AWS, which the barrel brings, take half a minute to read.
    types: ['node'],
    paths: { 'aws-cdk-lib': ['./node_modules/aws-cdk-lib/core/index.d.ts'] },
  });
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const key = createHash('sha256')
    .update(ts.version + JSON.stringify(config))
    .update(readFileSync(path.join(ROOT, 'package-lock.json')));
  for (const file of fileNames) key.update(`\0${path.relative(folder, file)}\0`).update(readFileSync(file));
  // It takes its time, so what was found right is not asked again for as long as nothing of it changes.
  const known = path.join(ROOT, 'node_modules/.cache/copies', key.digest('hex'));
  if (existsSync(known)) return [];
  const program = ts.createProgram(fileNames, options);
  const own = program.getSourceFiles().filter(({ fileName }) => fileNames.includes(fileName));
  const found = [
    ...program.getOptionsDiagnostics(),
    ...own.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  const faults = found.map(
    ({ file, messageText }) => `${file && path.relative(folder, file.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
  if (faults.length === 0) {
    mkdirSync(path.dirname(known), { recursive: true });
    writeFileSync(known, '');
  }
  return faults;
}
