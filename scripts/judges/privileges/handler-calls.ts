import path from 'node:path';
import ts from 'typescript';
import { type Symbolic, Symbols, visit } from './symbols';

const ROOT = path.join(__dirname, '../../..');

/** A call that leaves a handler's own code, in one of the ways in which it is reached. */
export interface LibraryCall {
  /** The package and what is called in it: `@aws-sdk/client-s3 PutObjectCommand`, `@azure/storage-blob BlockBlobClient.upload`. */
  readonly target: string;
  readonly arguments: readonly Symbolic[];
  readonly receiver: Symbolic;
  /** Such as `aws/handlers/kinesis-to-s3/main.ts:20`. */
  readonly where: string;
}

/** What of Node.js a handler may use without reaching out of its process. */
const WITHIN_THE_PROCESS =
  /^(buffer(\.buffer)?|console|crypto|events|path|stream(\/promises)?|timers(\/promises)?|url|web-globals\/abortcontroller|zlib)\.d\.ts$/;
/** Compiled from the schema of the event, by `npm run generate`, which checks that it is what the schema makes. It calls nothing. */
const GENERATED = 'shared/runtime/event-check.ts';

/**
 * Every call that leaves a handler's own code, as the compiler resolves it, and so also what is passed on to be called by
 * somebody else. What packages call in turn is theirs: it belongs to the call that we make.
 * @param inputs for each handler, the files that went into its bundle, by their paths from the root
 */
export function libraryCalls<Folder extends string>(inputs: Readonly<Record<Folder, readonly string[]>>): Record<Folder, LibraryCall[]> {
  const own = (files: readonly string[]) => files.filter((file) => /\.(ts|js)$/.test(file) && !/(^|\/)node_modules\//.test(file));
  const mains = Object.keys(inputs).map((folder) => path.join(ROOT, folder, 'main.ts'));
  const program = ts.createProgram(mains, optionsOf(path.join(ROOT, 'tsconfig.json')));
  const perHandler = Object.entries<readonly string[]>(inputs).map(([folder, files]) => {
    const sources = own(files).flatMap((file) => (file === GENERATED ? [] : [sourceOf(program, file)]));
    return [folder, callsIn(program.getTypeChecker(), sources)] as const;
  });
  return Object.fromEntries(perHandler) as Record<Folder, LibraryCall[]>;
}

function callsIn(checker: ts.TypeChecker, sources: readonly ts.SourceFile[]): LibraryCall[] {
  const symbols = new Symbols(checker, sources);
  const calls: LibraryCall[] = [];
  for (const source of sources) {
    visit(source, (node) => {
      const at = () => `${path.relative(ROOT, source.fileName)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
        const target = targetOf(checker, node);
        if (target)
          for (const { arguments: given, receiver } of symbols.reach(node)) calls.push({ target, arguments: given, receiver, where: at() });
      } else if (isPassedOn(node)) {
        const target = libraryName(checker, node);
        if (target) calls.push({ target, arguments: [], receiver: '*', where: at() });
      }
    });
  }
  return calls;
}

/** The package and the member that a call reaches. Nothing for our own code and for what stays within the process. */
function targetOf(checker: ts.TypeChecker, call: ts.CallExpression | ts.NewExpression): string | undefined {
  const declaration = checker.getResolvedSignature(call)?.declaration;
  if (ts.isNewExpression(call)) return libraryName(checker, call.expression);
  if (!declaration)
    return call.expression.kind === ts.SyntaxKind.SuperKeyword ? undefined : `something unknown, ${call.expression.getText()}`;
  return nameOf(declaration);
}

/** What could be a function of a library that is passed on, and not called here. */
function isPassedOn(node: ts.Node): node is ts.Expression {
  if (!ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return false;
  const isCallee = (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node;
  return !isCallee && !ts.isImportSpecifier(parent) && !ts.isTypeNode(parent);
}

/** The name of a class or a function of a library that an expression stands for. */
function libraryName(checker: ts.TypeChecker, expression: ts.Expression): string | undefined {
  const type = checker.getTypeAtLocation(expression);
  const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()];
  if (signatures.length === 0) return undefined;
  let symbol = checker.getSymbolAtLocation(expression);
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
  const declarations = [symbol?.declarations?.[0], ...signatures.map((signature) => signature.declaration)];
  return declarations.map((declaration) => declaration && nameOf(declaration)).find((found) => found !== undefined);
}

/** The package of a declaration, and its name: behind that of its class, or behind that of its file where it has none. */
function nameOf(declaration: ts.Node): string | undefined {
  const file = declaration.getSourceFile().fileName;
  const [, inPackages] = /.*node_modules\/(.*)/.exec(file) ?? [];
  if (!inPackages || inPackages.startsWith('typescript/lib/')) return undefined;
  const [, name = '', inPackage = ''] = /^((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(inPackages) ?? [];
  if (name === '@types/node' && WITHIN_THE_PROCESS.test(inPackage)) return undefined;
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration) || ts.isVariableDeclaration(declaration))
    return `${name} ${textOf(declaration)}`;
  const named = ts.isFunctionTypeNode(declaration) ? declaration.parent : declaration;
  const owner =
    ts.isClassLike(named.parent) || ts.isInterfaceDeclaration(named.parent) ? named.parent.name?.text : path.basename(file, '.d.ts');
  return `${name} ${owner}.${textOf(named)}`;
}

function textOf(declaration: ts.Node): string {
  return (ts.getNameOfDeclaration(declaration as ts.Declaration) as ts.Identifier | undefined)?.text ?? 'constructor';
}

function sourceOf(program: ts.Program, file: string): ts.SourceFile {
  const source = program.getSourceFile(path.join(ROOT, file));
  if (!source) throw new Error(`${file} is in a bundle and cannot be read by the compiler. Write it in TypeScript.`);
  return source;
}

function optionsOf(config: string): ts.CompilerOptions {
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile);
  return { ...ts.parseJsonConfigFileContent(json, ts.sys, path.dirname(config)).options, types: ['node'], resolveJsonModule: true };
}
