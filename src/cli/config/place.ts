import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Problem } from './config-error.ts'
import type { Document, LineCounter, Node } from 'yaml'

/** What is wrong is collected up to here; a file that is not ours would give thousands. */
export const MAX_PROBLEMS = 50

/** What all places of one file share. */
export interface Source {
  readonly document: Document.Parsed
  readonly lines: LineCounter
  readonly problems: Problem[]
}

/** A place in a file: what stands there, what it is called, and where that is. */
export class Place {
  readonly path: string
  /** Aliases are followed: what they stand for. */
  readonly node: Node | null
  readonly #source: Source
  readonly #offset: number

  constructor (source: Source, node: unknown, { path = '', offset = 0 }: { path?: string, offset?: number } = {}) {
    const found = isNode(node) ? node : null

    this.path = path
    this.node = isAlias(found) ? found.resolve(source.document) ?? null : found
    this.#source = source
    this.#offset = found?.range?.[0] ?? offset

    if (isAlias(found) && this.node == null) {
      this.problem(`there is no anchor &${found.source} for *${found.source}; quote it if it is text`)
    }
  }

  /** Notes a problem here. Gives undefined, for what cannot be read. */
  problem (message: string): undefined {
    const { problems, lines } = this.#source

    if (problems.length < MAX_PROBLEMS) {
      const { line, col } = lines.linePos(this.#offset)

      // an empty file has no first line
      problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), path: this.path, message })
    }

    return undefined
  }

  /** As `problem`: what was wanted here, and what stands here. */
  unwanted (wanted: string): undefined {
    return this.problem(`wanted ${wanted}, received ${describe(this.node)}`)
  }

  /** Whether nothing stands here: `key:` alone, or no file at all. */
  get isEmpty (): boolean {
    return this.node == null || (isScalar(this.node) && this.node.value === null)
  }

  /** What stands under a key of this one; the offset is that of the key. */
  child (key: string, value: unknown, keyNode: unknown): Place {
    return new Place(this.#source, value, { path: this.path === '' ? key : `${this.path}.${key}`, offset: offsetOf(keyNode) ?? this.#offset })
  }

  item (index: number, value: unknown): Place {
    return new Place(this.#source, value, { path: `${this.path}[${index}]`, offset: this.#offset })
  }

  /** Where a key stands. */
  key (key: string, keyNode: unknown): Place {
    return new Place(this.#source, keyNode, { path: this.path === '' ? key : `${this.path}.${key}`, offset: this.#offset })
  }
}

function isNode (value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value)
}

function offsetOf (node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function describe (node: Node | null): string {
  if (isMap(node)) {
    return 'a map'
  }

  if (isSeq(node)) {
    return `a list of ${node.items.length}`
  }

  return isScalar(node) && node.value != null ? JSON.stringify(node.value) : 'nothing'
}
