import path from 'node:path';
import ts from 'typescript';

/**
 * What a value is known to be before anything runs: text, with `{NAME}` where the setting of that name stands, `{NAME?}`
 * where the environment need not have it, and `*` for all that only a run can tell. An object literal is known by its parts.
 */
export type Symbolic = string | { readonly [key: string]: Symbolic };

/** For each parameter that a call fills, the expression it is filled with, and what is known around that call. */
type Scope = ReadonlyMap<ts.Declaration, { readonly value: ts.Expression; readonly scope: Scope }>;

/** A call, in one of the ways in which it is reached. */
export interface Reached {
  readonly callee: ts.Expression;
  readonly arguments: readonly Symbolic[];
  /** What the method is called on: a client is known by what it was made with. */
  readonly receiver: Symbolic;
}

/** Reads values out of the sources of one handler, without running them. */
export class Symbols {
  private readonly callSites = new Map<ts.Node, ts.CallExpression[]>();

  /** @param files the handler's own files, all of them, since a call that is not seen is a way that is not seen */
  constructor(
    private readonly checker: ts.TypeChecker,
    files: readonly ts.SourceFile[],
  ) {
    for (const file of files) visit(file, (node) => this.note(node));
  }

  /** What a call hands over, once for each way that leads to it. */
  reach(call: ts.CallExpression | ts.NewExpression): Reached[] {
    return this.scopesOf(call).map((scope) => ({
      callee: call.expression,
      arguments: (call.arguments ?? []).map((argument) => this.read(argument, scope)),
      receiver: ts.isPropertyAccessExpression(call.expression) ? this.read(call.expression.expression, scope) : '*',
    }));
  }

  private note(node: ts.Node) {
    if (!ts.isCallExpression(node)) return;
    const declaration = this.checker.getResolvedSignature(node)?.declaration;
    if (declaration) this.callSites.set(declaration, [...(this.callSites.get(declaration) ?? []), node]);
  }

  /** The parameters around a node, once for each way in which the functions around it are called. */
  private scopesOf(node: ts.Node, inside: readonly ts.Node[] = []): Scope[] {
    const around = ts.findAncestor(node.parent, ts.isFunctionLike);
    if (!around || inside.includes(around)) return [new Map()];
    const outer = this.scopesOf(around, [...inside, around]);
    const sites = this.callSites.get(around) ?? [];
    if (sites.length === 0) return outer;
    return sites.flatMap((site) => {
      const scopes = this.scopesOf(site, [...inside, around]);
      return scopes.flatMap((scope) => outer.map((known) => new Map([...known, ...scope, ...fill(around, site, scope)])));
    });
  }

  private read(node: ts.Expression, scope: Scope): Symbolic {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node)) {
      return node.templateSpans.reduce((all, { expression, literal }) => all + this.text(expression, scope) + literal.text, node.head.text);
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
      return this.text(node.left, scope) + this.text(node.right, scope);
    }
    if (ts.isIdentifier(node)) return this.readName(this.checker.getSymbolAtLocation(node), scope);
    if (ts.isObjectLiteralExpression(node)) return this.readObject(node, scope);
    if (ts.isPropertyAccessExpression(node)) {
      if (node.expression.getText() === 'process.env') return `{${node.name.text}?}`;
      // A part of a client, such as the items of a container, is known by the client.
      return isOfPackage(this.checker.getSymbolAtLocation(node)?.valueDeclaration) ? this.read(node.expression, scope) : '*';
    }
    if (ts.isCallExpression(node)) return this.readCall(node, scope);
    if (ts.isNewExpression(node)) return node.arguments?.[0] ? this.read(node.arguments[0], scope) : '*';
    if (ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node)) {
      return this.read(node.expression, scope);
    }
    return '*';
  }

  private text(node: ts.Expression, scope: Scope): string {
    const value = this.read(node, scope);
    return typeof value === 'string' ? value : '*';
  }

  private readName(symbol: ts.Symbol | undefined, scope: Scope): Symbolic {
    const declaration = symbol?.valueDeclaration;
    if (!declaration) return '*';
    const filled = scope.get(declaration);
    if (filled) return this.read(filled.value, filled.scope);
    if (ts.isBindingElement(declaration)) return this.readPart(declaration, scope);
    const isConst = ts.isVariableDeclaration(declaration) && (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
    return isConst && ts.isIdentifier(declaration.name) && declaration.initializer ? this.read(declaration.initializer, scope) : '*';
  }

  /** What a parameter that is taken apart, such as `({ name })`, is filled with. */
  private readPart({ parent, name, propertyName }: ts.BindingElement, scope: Scope): Symbolic {
    const filled = ts.isObjectBindingPattern(parent) ? scope.get(parent.parent) : undefined;
    const whole = filled && this.read(filled.value, filled.scope);
    return typeof whole === 'object' ? (whole[(propertyName ?? name).getText()] ?? '*') : '*';
  }

  private readObject(node: ts.ObjectLiteralExpression, scope: Scope): Symbolic {
    const parts = node.properties.flatMap((property): [string, Symbolic][] => {
      if (ts.isPropertyAssignment(property)) return [[property.name.getText(), this.read(property.initializer, scope)]];
      if (!ts.isShorthandPropertyAssignment(property)) return [];
      return [[property.name.text, this.readName(this.checker.getShorthandAssignmentValueSymbol(property), scope)]];
    });
    return Object.fromEntries(parts);
  }

  private readCall(call: ts.CallExpression, scope: Scope): Symbolic {
    const declaration = this.checker.getResolvedSignature(call)?.declaration;
    if (!declaration) return '*';
    if (isSetting(declaration)) return `{${this.text(call.arguments[0]!, scope)}}`;
    if (call.expression.getText() === 'encodeURIComponent') return this.text(call.arguments[0]!, scope);
    if (!declaration.getSourceFile().isDeclarationFile)
      return this.readReturns(declaration, new Map([...scope, ...fill(declaration, call, scope)]));
    // What a method of a library hands back is known by what the method was called on.
    return ts.isPropertyAccessExpression(call.expression) ? this.read(call.expression.expression, scope) : '*';
  }

  /** What one of our own functions hands back, where each `return` says the same. */
  private readReturns(fn: ts.SignatureDeclaration | ts.JSDocSignature, scope: Scope): Symbolic {
    const returned = new Set<Symbolic>();
    visit(fn, (node) => {
      if (ts.isReturnStatement(node) && node.expression) returned.add(this.read(node.expression, scope));
    });
    return returned.size === 1 ? [...returned][0]! : '*';
  }
}

/** Visit a node and all that is in it. */
export function visit(node: ts.Node, see: (node: ts.Node) => void) {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

function fill(fn: ts.Node, call: ts.CallExpression, scope: Scope): Scope {
  const parameters = ts.isFunctionLike(fn) ? fn.parameters : [];
  return new Map(call.arguments.flatMap((value, index) => (parameters[index] ? [[parameters[index], { value, scope }] as const] : [])));
}

/** Whether a package declares it: not TypeScript or Node.js. */
function isOfPackage(declaration: ts.Declaration | undefined): boolean {
  return /\/node_modules\/(?!typescript\/|@types\/)/.test(declaration?.getSourceFile().fileName ?? '');
}

function isSetting(declaration: ts.Node): boolean {
  const name = ts.isFunctionDeclaration(declaration) ? declaration.name?.text : undefined;
  return name === 'setting' && path.basename(declaration.getSourceFile().fileName) === 'setting.ts';
}
