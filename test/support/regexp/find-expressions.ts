import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from '#src/lib/project-root.js';

/** A regular expression of the source code. */
export interface FoundExpression {
  /** File and line. */
  where: string;
  source: string;
  flags: string;
}

export interface FoundExpressions {
  expressions: FoundExpression[];
  /** Expressions that are only known at run time, as `file: code`. */
  unknown: string[];
}

/** Methods of strings that take a regular expression, or make one of a string. */
const STRING_METHODS = new Set(['match', 'matchAll', 'search']);

/** Finds every regular expression in the TypeScript files of some folders. */
export function findExpressions(folders: readonly string[]): FoundExpressions {
  const found: FoundExpressions = { expressions: [], unknown: [] };
  for (const path of folders.flatMap(filesBelow)) {
    const text = readFileSync(join(projectRoot, path), 'utf8');
    searchFile(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), found);
  }
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort();
}

function searchFile(file: ts.SourceFile, { expressions, unknown }: FoundExpressions): void {
  const constants = constantsOf(file);

  function add(node: ts.Node, source: string | undefined, flags: string | undefined): void {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    if (source === undefined || flags === undefined) {
      unknown.push(`${file.fileName}: ${node.getText(file).replace(/\s+/g, ' ')}`);
    } else expressions.push({ where: `${file.fileName}:${line + 1}`, source, flags });
  }

  function visit(node: ts.Node): void {
    if (ts.isRegularExpressionLiteral(node)) {
      const { source, flags } = partsOf(node);
      add(node, source, flags);
    } else if (isConstruction(node)) {
      const [given, flags] = node.arguments ?? [];
      const copied = given && literalOf(given, constants);
      const source = copied?.source ?? (given && textOf(given, constants));
      add(node, source, flags === undefined ? (copied?.flags ?? '') : textOf(flags, constants));
    } else if (ts.isCallExpression(node) && isStringMethod(node.expression)) {
      const [source] = node.arguments;
      if (source !== undefined && ts.isStringLiteralLike(source)) add(node, source.text, '');
    } else if (ts.isPropertyAssignment(node) && node.name.getText(file) === 'pattern') {
      const source = textOf(node.initializer, constants);
      // Constants of other files are found there, or in the contract.
      if (source !== undefined) add(node, source, 'u');
    }
    ts.forEachChild(node, visit);
  }

  visit(file);
}

function partsOf({ text }: ts.RegularExpressionLiteral): { source: string; flags: string } {
  const end = text.lastIndexOf('/');
  return { source: text.slice(1, end), flags: text.slice(end + 1) };
}

/** Returns the parts of a literal, or of the constant that is one. */
function literalOf(node: ts.Expression, constants: ReadonlyMap<string, ts.Expression>) {
  const value = ts.isIdentifier(node) ? constants.get(node.text) : node;
  return value !== undefined && ts.isRegularExpressionLiteral(value) ? partsOf(value) : undefined;
}

/** Whether the node is `new RegExp(…)` or `RegExp(…)`. */
function isConstruction(node: ts.Node): node is ts.NewExpression | ts.CallExpression {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return false;
  return /(?:^|\.)RegExp$/.test(node.expression.getText());
}

function isStringMethod(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && STRING_METHODS.has(node.name.text);
}

/** Returns the initial values of the constants at the top of a file. */
function constantsOf(file: ts.SourceFile): Map<string, ts.Expression> {
  const declarations = file.statements
    .filter(ts.isVariableStatement)
    .filter(({ declarationList }) => (declarationList.flags & ts.NodeFlags.Const) !== 0)
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  return new Map(
    declarations.flatMap(({ name, initializer }) =>
      initializer === undefined ? [] : [[name.getText(file), initializer]],
    ),
  );
}

/** Evaluates strings and templates of constants; undefined if the value depends on anything else. */
function textOf(
  node: ts.Expression,
  constants: ReadonlyMap<string, ts.Expression>,
): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return node.text;
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) {
    return textOf(node.expression, constants);
  }
  if (ts.isIdentifier(node)) {
    const value = constants.get(node.text);
    return value === undefined ? undefined : textOf(value, constants);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return joined([node.left, node.right].map((side) => textOf(side, constants)));
  }
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.flatMap(({ expression, literal }) => [
      textOf(expression, constants),
      literal.text,
    ]);
    return joined([node.head.text, ...spans]);
  }
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'String.raw') {
    const { template } = node;
    return ts.isNoSubstitutionTemplateLiteral(template) ? template.rawText : undefined;
  }
  return undefined;
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join('');
}
