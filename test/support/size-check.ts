import ts from 'typescript'
import type { SourceTree } from './source-tree.ts'

/** One line for each file that is longer than `maxLines`. */
export function findLongFiles (tree: SourceTree, maxLines: number): string[] {
  return [...tree].flatMap(([path, text]) => {
    const lines = text.replace(/\n$/, '').split('\n').length

    return lines > maxLines ? [`${path} has ${lines} lines`] : []
  })
}

/** One line for each function that is longer than `maxLines`, from its name to its last brace. */
export function findLongFunctions (tree: SourceTree, maxLines: number): string[] {
  return [...tree].flatMap(([path, text]) => longFunctionsOf(path, text, maxLines))
}

function longFunctionsOf (path: string, text: string, maxLines: number): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line + 1

  const visit = (node: ts.Node): void => {
    const first = lineAt(node.getStart())
    const lines = lineAt(node.getEnd()) - first + 1

    if (ts.isFunctionLike(node) && lines > maxLines) {
      found.push(`${path}:${first} is a function of ${lines} lines`)
    }

    ts.forEachChild(node, visit)
  }

  visit(file)

  return found
}
