import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SignatureKind } from 'typescript/unstable/sync';

/**
 * An async call is awaited or returned where it stands. `const answer = load()` compiles, and runs, and lets
 * the virtual clock move at the wrong moment: a run is then silently reordered. It needs types (what is a
 * promise, and what only behaves like one?), which no linter here gives to a rule of one's own, so it asks
 * the compiler. A call which must break the rule says so on its line or the one above:
 * `// awaited elsewhere: <where, or why not>`.
 *
 * @typedef {import('typescript/unstable/ast').Node} Node
 * @typedef {import('typescript/unstable/sync').Type} Type
 * @typedef {import('typescript/unstable/sync').Checker} Checker
 * @typedef {import('./fixture.mjs').Finding} Finding
 */

const EXCUSE = /\/\/ awaited elsewhere: \S/;

/** Nodes that hand on the value of the expression inside them. */
const transparent = new Set([
  SyntaxKind.ParenthesizedExpression,
  SyntaxKind.AsExpression,
  SyntaxKind.SatisfiesExpression,
  SyntaxKind.NonNullExpression,
  SyntaxKind.TypeAssertionExpression,
]);
const choosing = new Set([
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
]);

/** @param {Node} call */
function isAwaitedOrReturned(call) {
  let node = call;
  for (;;) {
    const parent = node.parent;
    if (transparent.has(parent.kind)) {
      node = parent;
    } else if (parent.kind === SyntaxKind.ConditionalExpression) {
      const { condition } = /** @type {import('typescript/unstable/ast').ConditionalExpression} */ (parent);
      if (condition === node) return false;
      node = parent;
    } else if (parent.kind === SyntaxKind.BinaryExpression) {
      const { operatorToken } = /** @type {import('typescript/unstable/ast').BinaryExpression} */ (parent);
      if (!choosing.has(operatorToken.kind)) return false;
      node = parent;
    } else if (parent.kind === SyntaxKind.ArrowFunction) {
      return /** @type {import('typescript/unstable/ast').ArrowFunction} */ (parent).body === node;
    } else {
      return (
        parent.kind === SyntaxKind.AwaitExpression ||
        parent.kind === SyntaxKind.ReturnStatement ||
        parent.kind === SyntaxKind.YieldExpression
      );
    }
  }
}

/** @param {Checker} checker */
function thenableTest(checker) {
  /** @param {Type} type */
  const hasMethodThen = (type) => {
    const property = checker.getPropertyOfType(type, 'then');
    const then = property && checker.getTypeOfSymbol(property);
    // A JSON schema has a property of that name which is not a method.
    return then !== undefined && checker.getSignaturesOfType(then, SignatureKind.Call).length > 0;
  };
  /** @type {Map<number, boolean>} */
  const known = new Map();
  /**
   * @param {Type} type
   * @returns {boolean}
   */
  const test = (type) => {
    const answer = known.get(type.id);
    if (answer !== undefined) return answer;
    known.set(type.id, false);
    const result = type.isUnionType()
      ? type.getTypes().some(test)
      : type.isTypeParameter()
        ? (() => {
            const constraint = checker.getBaseConstraintOfType(type);
            return constraint !== undefined && test(constraint);
          })()
        : (type.isObjectType() || type.isIntersectionType()) && hasMethodThen(type);
    known.set(type.id, result);
    return result;
  };
  return test;
}

/**
 * @param {string} configuration a tsconfig
 * @param {(file: string) => boolean} isChecked by a file's path from the configuration's folder, with slashes
 * @returns {{ files: number, findings: Finding[] }}
 */
export function findCallsNotAwaited(configuration, isChecked) {
  const folder = path.dirname(configuration);
  const api = new API({ cwd: folder });
  try {
    const project = api.updateSnapshot({ openProjects: [configuration] }).getProject(configuration);
    if (project === undefined) throw new Error(`The compiler did not open ${configuration}.`);
    const isThenable = thenableTest(project.checker);
    /** @type {Finding[]} */
    const findings = [];
    let files = 0;
    for (const fileName of project.program.getSourceFileNames()) {
      const file = path.relative(folder, fileName).replaceAll('\\', '/');
      if (file.startsWith('..') || file.includes('node_modules/') || !isChecked(file)) continue;
      const source = project.program.getSourceFile(fileName);
      if (source === undefined || source.isDeclarationFile) continue;
      files += 1;

      /** @type {Node[]} */
      const calls = [];
      /** @param {Node} node */
      const collect = (node) => {
        if (node.kind === SyntaxKind.CallExpression || node.kind === SyntaxKind.NewExpression)
          calls.push(node);
        node.forEachChild(collect);
      };
      source.forEachChild(collect);
      const suspects = calls.filter((call) => !isAwaitedOrReturned(call));
      if (suspects.length === 0) continue;

      const lines = readFileSync(fileName, 'utf8').split('\n');
      project.checker.getTypeAtLocation(suspects).forEach((type, index) => {
        const call = suspects[index];
        if (call === undefined || type === undefined || !isThenable(type)) return;
        const line = source.getLineAndCharacterOfPosition(call.getStart(source)).line;
        if (EXCUSE.test(lines[line] ?? '') || EXCUSE.test(lines[line - 1] ?? '')) return;
        const text = call.getText(source).split('\n')[0];
        findings.push({
          file,
          line: line + 1,
          message: `${text} is neither awaited nor returned where it is called`,
        });
      });
    }
    return { files, findings };
  } finally {
    // The compiler's process sometimes answers this with "context canceled", which means nothing.
    api.close();
  }
}
