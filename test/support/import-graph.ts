import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import type { SourceTree } from './source-tree.ts'

export interface Import {
  from: string
  /** The imported file, by its path from the top of the repository. */
  to: string
  line: number
  typeOnly: boolean
}

/** The imports of our own files: `import`, `export from`, `import()` and `import('x').Type`. */
export function readImports (tree: SourceTree): Import[] {
  return [...tree].flatMap(([from, text]) => importsOf(from, text))
}

function importsOf (from: string, text: string): Import[] {
  const file = ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true)
  const found: Import[] = []

  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)

    if (specifier?.startsWith('.') === true) {
      found.push({
        from,
        to: join(dirname(from), specifier),
        line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
        typeOnly: isTypeOnly(node)
      })
    }

    ts.forEachChild(node, visit)
  }

  visit(file)

  return found
}

function specifierOf (node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return textOf(node.moduleSpecifier)
  }

  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return textOf(node.arguments[0])
  }

  return ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : undefined
}

function textOf (node: ts.Node | undefined): string | undefined {
  return node != null && ts.isStringLiteralLike(node) ? node.text : undefined
}

function isTypeOnly (node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) {
    return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  }

  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly)
}

/**
 * Groups of files that import each other in a circle (strongly connected components, Tarjan 1972),
 * each sorted by path.
 */
export function findCycles (imports: readonly Import[]): string[][] {
  const search = new CycleSearch(imports)

  return search.run()
}

interface Visit {
  order: number
  low: number
  open: boolean
}

class CycleSearch {
  readonly #targets = new Map<string, string[]>()
  readonly #visits = new Map<string, Visit>()
  readonly #stack: string[] = []
  readonly #cycles: string[][] = []

  constructor (imports: readonly Import[]) {
    for (const { from, to } of imports) {
      this.#targets.set(from, [...this.#targets.get(from) ?? [], to])
    }
  }

  run (): string[][] {
    for (const path of this.#targets.keys()) {
      if (!this.#visits.has(path)) {
        this.#visit(path)
      }
    }

    return this.#cycles
  }

  #visit (path: string): Visit {
    const visit: Visit = { order: this.#visits.size, low: this.#visits.size, open: true }

    this.#visits.set(path, visit)
    this.#stack.push(path)

    for (const target of this.#targets.get(path) ?? []) {
      const seen = this.#visits.get(target)

      if (seen == null) {
        visit.low = Math.min(visit.low, this.#visit(target).low)
      } else if (seen.open) {
        visit.low = Math.min(visit.low, seen.order)
      }
    }

    if (visit.low === visit.order) {
      this.#close(path)
    }

    return visit
  }

  #close (root: string): void {
    const group = this.#stack.splice(this.#stack.indexOf(root))

    for (const path of group) {
      const visit = this.#visits.get(path)

      if (visit != null) {
        visit.open = false
      }
    }

    if (group.length > 1 || this.#targets.get(root)?.includes(root) === true) {
      this.#cycles.push(group.sort())
    }
  }
}
