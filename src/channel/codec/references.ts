import { REFERENCE } from '../contract/index.ts'
import type { DecodeContext, Reference, ReferenceKind } from '../contract/index.ts'

const KINDS: ReadonlySet<unknown> = new Set(Object.values(REFERENCE))

export function isReferenceKind (type: unknown): type is ReferenceKind {
  return KINDS.has(type)
}

/** A list or map. */
export interface Holder {
  [key: string | number]: unknown
}

interface Link {
  readonly reference: Reference
  readonly holder: Holder
  readonly key: string | number
}

/**
 * The references of a message that is being read, and where they are in it. They are resolved when all of it turned
 * out to be valid, in their order, as resolving claims what they refer to.
 */
export class Links {
  readonly #links: Link[] = []

  get count (): number {
    return this.#links.length
  }

  add (reference: Reference, holder: Holder, key: string | number): void {
    this.#links.push({ reference, holder, key })
  }

  resolve (context: DecodeContext): void {
    for (const { reference, holder, key } of this.#links) {
      holder[key] = context.resolve(reference)
    }
  }
}
