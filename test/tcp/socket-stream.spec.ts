import { Duplex } from 'node:stream'
import { defaultLogger } from '@libp2p/logger'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/index.ts'
import { SocketStream } from '../../src/tcp/index.ts'
import type { Socket } from 'node:net'

class PlainStream extends SocketStream {
  readonly socket: HeldSocket
  inactivityTimeout = 0

  constructor (socket: HeldSocket) {
    super({ socket: socket as Duplex as Socket, direction: 'outbound', clock: systemClock, log: defaultLogger().forComponent('test'), poll: undefined })
    this.socket = socket
  }

  protected override resetSocket (): void {
    this.socket.destroy()
  }
}

/** A socket that takes one write after the other, when it is told to. */
class HeldSocket extends Duplex {
  #finish: (() => void) | undefined

  override _write (_chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.#finish = callback
  }

  override _read (): void {}

  finishWrite (): void {
    this.#finish?.()
  }
}

describe('the room of a socket', () => {
  it('comes with the drain alone, though somebody did not wait and most has left meanwhile', () => {
    const stream = new PlainStream(new HeldSocket())
    let drains = 0

    stream.addEventListener('drain', () => { drains++ })

    expect([stream.send(new Uint8Array(100_000)), stream.send(new Uint8Array(100_000))]).toEqual([true, false])
    stream.socket.finishWrite()
    expect(stream.socket.writableLength).toBe(100_000)
    expect([stream.send(new Uint8Array(10)), stream.writableNeedsDrain, drains]).toEqual([false, true, 0])

    stream.socket.finishWrite()
    stream.socket.finishWrite()
    expect([stream.socket.writableLength, drains, stream.writableNeedsDrain]).toEqual([0, 1, false])
    stream.abort(new Error('done'))
  })
})
