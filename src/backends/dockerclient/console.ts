import { after, isCoded, toError } from '../../base/index.ts'
import { byteStreamPair } from '../../channel/index.ts'
import { unavailable } from './engine-error.ts'
import { FrameWatch } from './frame-watch.ts'
import { pour } from './send-body.ts'
import { MAX_ENDED_CHECKS } from './until-ended.ts'
import type { Clock, Timer } from '../../base/index.ts'
import type { ByteStream } from '../../channel/index.ts'
import type { Socket } from 'node:net'

/** How long input may still come after the output has ended, though what runs there has not. */
export const LINGER_MS = 2000

export interface ConsoleInit {
  readonly clock: Clock
  /** Whether it carries frames for stdout and stderr, as without a terminal. */
  readonly isFramed: boolean
  /**
   * Whether what runs there has ended, asked so many times. The engine must be there still for an end to be one.
   *
   * @throws ServiceError Unavailable when it is not
   */
  hasEnded(times: number): Promise<boolean>
}

/** What a connection carries from here on, both ways, as a byte stream whose directions end apart. */
export function openConsole (socket: Socket, init: ConsoleInit): ByteStream {
  const [near, far] = byteStreamPair()

  void new Console(socket, near, init).run()

  return far
}

class Console {
  readonly #socket: Socket
  readonly #near: ByteStream
  readonly #init: ConsoleInit
  readonly #frames = new FrameWatch()
  #linger: Timer | undefined
  /** Of the last bytes of output: resolves when there was room for them. */
  #said: Promise<void> = Promise.resolve()

  constructor (socket: Socket, near: ByteStream, init: ConsoleInit) {
    this.#socket = socket
    this.#near = near
    this.#init = init
  }

  async run (): Promise<void> {
    void this.#near.closed.then((error) => {
      if (error != null) {
        this.#socket.destroy()
      }
    })

    this.#socket.once('close', () => { this.#linger?.[Symbol.dispose]() })
    await Promise.all([this.#passOutput(), this.#passInput()])
    this.#socket.destroy()
  }

  async #passOutput (): Promise<void> {
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        this.#frames.push(chunk as Uint8Array)
        this.#said = this.#near.write(chunk as Uint8Array)
        await this.#said
      }

      await this.#end(await this.#init.hasEnded(1))
    } catch (thrown) {
      await this.#onBroken(toError(thrown))
    }
  }

  /** What was said up to here is all. @throws ServiceError Unavailable when that is within a frame */
  async #end (hasEnded: boolean): Promise<void> {
    if (this.#init.isFramed && this.#frames.isWithin) {
      throw unavailable('the connection to the engine ended in the middle of a frame')
    }

    // who runs no more reads nothing; others may, but nobody may ever send, or end, what is left of the input
    if (hasEnded) {
      this.#socket.destroy()
    } else if (!this.#socket.destroyed) {
      this.#linger = after(this.#init.clock, LINGER_MS, () => { this.#socket.destroy() })
    }

    await this.#near.end()
  }

  /**
   * An engine that closes a connection with input in it that nobody has read resets it: that is an end, if what ran
   * there has ended.
   */
  async #onBroken (error: Error): Promise<void> {
    try {
      if (!isReset(error) || !await this.#init.hasEnded(MAX_ENDED_CHECKS)) {
        throw error
      }

      await this.#end(true)
    } catch (thrown) {
      this.#near.reset(isCoded(thrown) ? thrown.message : `lost the connection to the engine: ${toError(thrown).message}`)
    }
  }

  /**
   * A write that fails destroys the socket, with all output that is still in it: so what waits to be read is read before
   * anything is written. What nobody takes any more is thrown away, since a reset would be one of the output, too.
   */
  async #passInput (): Promise<void> {
    try {
      await pour(this.#near, this.#socket, async () => this.#said)
      this.#socket.end()

      let unread: Uint8Array | null

      do {
        unread = await this.#near.read() // whoever writes what nobody takes is not to wait for ever
      } while (unread != null)
    } catch {
      this.#socket.destroy(new Error('its input was cut off'))
    }
  }
}

function isReset (error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
