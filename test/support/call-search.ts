import ts from 'typescript'
import type { SourceTree } from './source-tree.ts'

/**
 * One line for each call, in code and not in comments or strings, of a name in `forbidden`. A name
 * is that of a function ('fetch'), of a method of anything ('.wait'), of a method of something with
 * a name ('Date.now'), or of a class that is made without arguments ('new Date').
 */
export function findCalls (tree: SourceTree, forbidden: ReadonlySet<string>): string[] {
  return [...tree].flatMap(([path, text]) => {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const found: string[] = []

    const visit = (node: ts.Node): void => {
      const name = namesOf(node).find((each) => forbidden.has(each))

      if (name != null) {
        found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} calls ${name}`)
      }

      ts.forEachChild(node, visit)
    }

    visit(file)

    return found
  })
}

/** All the names by which a call may be forbidden. */
function namesOf (node: ts.Node): string[] {
  if (ts.isNewExpression(node)) {
    return (node.arguments ?? []).length === 0 ? [`new ${node.expression.getText()}`] : []
  }

  if (!ts.isCallExpression(node)) {
    return []
  }

  const callee = node.expression

  if (ts.isPropertyAccessExpression(callee)) {
    return [`${callee.expression.getText()}.${callee.name.text}`, `.${callee.name.text}`]
  }

  return [callee.getText()]
}
