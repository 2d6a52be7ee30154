import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

interface Manifest {
  readonly type?: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The settings that a project lacks, so that the copy compiles and runs in it. One sentence each. */
export function lackingSettings(project: string): string[] {
  const manifest = readJson<Manifest>(path.join(project, 'package.json')) ?? {};
  const { app } = readJson<{ app?: string }>(path.join(project, 'cdktf.json')) ?? {};
  const major = Number(/\d+/.exec(manifest.devDependencies?.typescript ?? '')?.[0] ?? 0);
  return [
    ...(manifest.type === 'module' ? ['package.json: remove "type": "module", because the copied code is CommonJS'] : []),
    ...(app?.includes('ts-node') && major >= 7
      ? [`cdktf.json: "app": "${app.replace('ts-node', 'tsx')}", because ts-node does not work with TypeScript ${major}`]
      : []),
    ...compilerSettings(path.join(project, 'tsconfig.json')),
  ];
}

function compilerSettings(file: string): string[] {
  if (!existsSync(file)) return [];
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(file, ts.sys.readFile).config ?? {}, ts.sys, path.dirname(file));
  const { target = ts.ScriptTarget.Latest, lib, esModuleInterop, module } = options;
  const hasOldLib = lib !== undefined && !lib.some((name) => /^lib\.es(20(2[2-9]|[3-9]\d)|next)\b/.test(name));
  return [
    ...(target < ts.ScriptTarget.ES2022 ? ['tsconfig.json: "target": "es2022" or later'] : []),
    ...(hasOldLib ? ['tsconfig.json: "lib": ["es2022"] or later'] : []),
    ...(module === ts.ModuleKind.CommonJS && !esModuleInterop ? ['tsconfig.json: "esModuleInterop": true'] : []),
  ];
}

function readJson<Content>(file: string): Content | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Content) : undefined;
}
