import { StreamPort, SwarmStream } from '../stream/index.ts'
import type { ConnectionComponents } from './components.ts'
import type { Connection } from '../contract/connection.ts'
import type { Direction } from '../contract/stream.ts'
import type { ReadBudget, StreamPortInit } from '../stream/index.ts'
import type { Stream as RawStream } from '@libp2p/interface'

/** What the streams of one connection have in common. */
export interface StreamOwner {
  readonly components: ConnectionComponents
  readonly connection: Connection
  /** Of all streams of the connection. */
  readonly bytes: { bytesRead: number, bytesWritten: number }
  isConnected(): boolean
  lossError(): Error
  /** The stream has ended. */
  release(tracked: TrackedStream): void
}

export interface TrackedStreamInit {
  id: string
  direction: Direction
  permit: Disposable
}

/** A stream, what its port is to know of the connection, and the permits that it holds. */
export class TrackedStream implements StreamPortInit {
  readonly raw: RawStream
  readonly stream: SwarmStream
  /** Whether its protocol is agreed and subscribers know of it. */
  isAnnounced = false

  readonly #owner: StreamOwner
  readonly #permit: Disposable
  #protocolPermit: Disposable | undefined

  constructor (owner: StreamOwner, raw: RawStream, { id, direction, permit }: TrackedStreamInit) {
    const { clock, settings } = owner.components

    this.#owner = owner
    this.#permit = permit
    this.raw = raw
    this.stream = new SwarmStream(new StreamPort(raw, this), {
      id,
      direction,
      connection: owner.connection,
      clock,
      closeTimeoutMs: settings.closeTimeoutMs,
      lingerTimeoutMs: settings.lingerTimeoutMs,
      idleTimeoutMs: settings.streamIdleTimeoutMs
    })
  }

  get highWaterBytes (): number {
    return this.#owner.components.settings.streamHighWaterBytes
  }

  get lowWaterBytes (): number {
    return this.#owner.components.settings.streamLowWaterBytes
  }

  get budget (): ReadBudget {
    return this.#owner.components.budget
  }

  onRead (bytes: number): void {
    const { components, connection, bytes: all } = this.#owner

    all.bytesRead += bytes
    components.countBytes(connection, this.stream, 'read', bytes)
  }

  onWrite (bytes: number): void {
    const { components, connection, bytes: all } = this.#owner

    all.bytesWritten += bytes
    components.countBytes(connection, this.stream, 'written', bytes)
  }

  onClosed (): void {
    this.#owner.release(this)
  }

  isConnected (): boolean {
    return this.#owner.isConnected()
  }

  lossError (): Error {
    return this.#owner.lossError()
  }

  /** Is given back with the stream. */
  hold (permit: Disposable): void {
    this.#protocolPermit = permit
  }

  giveBack (): void {
    this.#permit[Symbol.dispose]()
    this.#protocolPermit?.[Symbol.dispose]()
  }
}
