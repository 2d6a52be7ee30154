import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** What TypeScript must be told in a project, so that a copy compiles. A sentence for each setting that it lacks. */
export function lackingSettings(project: string): string[] {
  const manifest = path.join(project, 'package.json');
  const isModule = existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }).type === 'module';
  const module = isModule ? ['package.json: leave out "type": "module", since what is copied is CommonJS.'] : [];
  const file = path.join(project, 'tsconfig.json');
  if (!existsSync(file)) return module;
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(file, ts.sys.readFile).config ?? {}, ts.sys, project);
  const { target = ts.ScriptTarget.Latest, lib, esModuleInterop, module: format } = options;
  const isOld = target < ts.ScriptTarget.ES2022;
  const hasOldLib = lib !== undefined && !lib.some((name) => /es(20(2[2-9]|[3-9]\d)|next)\.?.*\.d\.ts$/.test(name));
  return [
    ...module,
    ...(isOld ? ['tsconfig.json: "target": "es2022" or later'] : []),
    ...(hasOldLib ? ['tsconfig.json: "lib": ["es2022"] or later'] : []),
    ...(format === ts.ModuleKind.CommonJS && !esModuleInterop ? ['tsconfig.json: "esModuleInterop": true'] : []),
  ];
}
