import type { TreeWriter } from './tree-writer.ts'
import type { EncodeContext } from '../contract/index.ts'

/** One writer does all the work, except while it is at work: getters and `refer` may encode too. */
export class WriterPool {
  readonly #create: () => TreeWriter
  #spare: TreeWriter | undefined

  constructor (create: () => TreeWriter) {
    this.#create = create
  }

  encode (value: unknown, context: EncodeContext): Uint8Array {
    const writer = this.#spare ?? this.#create()

    this.#spare = undefined

    try {
      return writer.encode(value, context)
    } finally {
      this.#spare = writer
    }
  }
}
