import ts from "typescript";

const COUNTERS = "__fuzzCounters";

/**
 * Puts a counter into every branch of a module's JavaScript: blocks, cases, both sides of `?:`, the right sides of `&&`, `||`, `??`.
 *
 * @param {string} source
 * @param {() => number} nextId
 */
export function instrument(source, nextId) {
  const file = ts.createSourceFile("module.js", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const { factory } = ts;
  const count = () =>
    factory.createPostfixIncrement(
      factory.createElementAccessExpression(
        factory.createPropertyAccessExpression(factory.createIdentifier("globalThis"), COUNTERS),
        factory.createNumericLiteral(nextId()),
      ),
    );
  const statement = () => factory.createExpressionStatement(count());
  const counted = (expression) =>
    factory.createParenthesizedExpression(
      factory.createBinaryExpression(
        count(),
        ts.SyntaxKind.CommaToken,
        factory.createParenthesizedExpression(expression),
      ),
    );
  const asBlock = (node) => (ts.isBlock(node) ? node : factory.createBlock([statement(), node], true));
  const lazy = new Set([
    ts.SyntaxKind.AmpersandAmpersandToken,
    ts.SyntaxKind.BarBarToken,
    ts.SyntaxKind.QuestionQuestionToken,
  ]);
  const { transformed } = ts.transform(file, [
    (context) => {
      const visit = (node) => {
        const inner = ts.visitEachChild(node, visit, context);
        if (ts.isBlock(inner)) return factory.updateBlock(inner, [statement(), ...inner.statements]);
        if (ts.isCaseClause(inner)) {
          return factory.updateCaseClause(inner, inner.expression, [statement(), ...inner.statements]);
        }
        if (ts.isDefaultClause(inner)) return factory.updateDefaultClause(inner, [statement(), ...inner.statements]);
        if (ts.isIfStatement(inner)) {
          const otherwise = inner.elseStatement === undefined ? undefined : asBlock(inner.elseStatement);
          return factory.updateIfStatement(inner, inner.expression, asBlock(inner.thenStatement), otherwise);
        }
        if (ts.isForStatement(inner)) {
          const { initializer, condition, incrementor, statement: body } = inner;
          return factory.updateForStatement(inner, initializer, condition, incrementor, asBlock(body));
        }
        if (ts.isWhileStatement(inner))
          return factory.updateWhileStatement(inner, inner.expression, asBlock(inner.statement));
        if (ts.isConditionalExpression(inner)) {
          const { condition, questionToken, colonToken } = inner;
          const [yes, no] = [counted(inner.whenTrue), counted(inner.whenFalse)];
          return factory.updateConditionalExpression(inner, condition, questionToken, yes, colonToken, no);
        }
        if (ts.isBinaryExpression(inner) && lazy.has(inner.operatorToken.kind)) {
          return factory.updateBinaryExpression(inner, inner.left, inner.operatorToken, counted(inner.right));
        }
        return inner;
      };
      return (root) => ts.visitNode(root, visit);
    },
  ]);
  return ts.createPrinter().printFile(transformed[0]);
}
