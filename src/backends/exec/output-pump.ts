import { toError } from '../../base/index.ts'
import { byteStreamPair, REASON_CODE } from '../../channel/index.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Readable } from 'node:stream'

export interface OutputPumpInit {
  /** Whether the process is to go on when nobody reads: then the rest is thrown away. Otherwise it gets SIGPIPE. */
  isOptional: boolean
  /** Asked at the end of the bytes whether that is all there is. What it rejects with resets the stream. */
  confirmEnd?(): Promise<void>
}

/** Brings what a process writes to whoever reads, at the reader's pace. */
export class OutputPump {
  /** For the reader. */
  readonly bytes: ByteStream
  /** Resolves when all has been taken, or nobody wants it. */
  readonly done: Promise<void>

  readonly #near: ByteStream
  readonly #source: Readable
  readonly #init: OutputPumpInit
  #hasReader = true

  constructor (source: Readable, init: OutputPumpInit) {
    [this.#near, this.bytes] = byteStreamPair()
    this.#source = source
    this.#init = init
    source.on('error', () => {}) // told by the loop
    void this.bytes.closeWrite()
    void this.#near.closed.then((error) => { this.#onClosed(error) })
    // at once: on the exit of a child, Node throws away what nobody has begun to read
    this.done = this.#run()
  }

  /** Nothing more is read. Who has not seen the end sees a reset. */
  cut (reason: Error): void {
    this.#near.reset(reason)
    this.#source.destroy()
  }

  /** There is no reader: as if it had gone. */
  giveUp (why: string): void {
    this.#near.reset({ code: REASON_CODE.cancelled, message: why })
  }

  async #run (): Promise<void> {
    try {
      for await (const chunk of this.#source) {
        await this.#write(chunk)
      }

      await this.#init.confirmEnd?.()
      await this.#near.end()
    } catch (thrown) {
      this.cut(toError(thrown))
    }
  }

  async #write (chunk: Uint8Array): Promise<void> {
    if (!this.#hasReader) {
      return
    }

    try {
      await this.#near.write(chunk)
    } catch (thrown) {
      if (!this.#init.isOptional || this.#source.destroyed) {
        throw thrown
      }
    }
  }

  #onClosed (error: Error | undefined): void {
    if (error == null) {
      return
    }

    this.#hasReader = false

    if (!this.#init.isOptional) {
      this.#source.destroy() // the process gets SIGPIPE when it writes next
    }
  }
}
