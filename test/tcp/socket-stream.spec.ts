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

/** Takes each write at once, and keeps it. */
class TakingSocket extends HeldSocket {
  readonly written: string[] = []

  override _write (chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.written.push(new TextDecoder().decode(chunk))
    callback()
  }
}

function gathering (): { stream: PlainStream, written: string[] } {
  const socket = new TakingSocket()

  return { stream: new PlainStream(socket), written: socket.written }
}

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes)

describe('a socket that gathers', () => {
  it('writes once what is sent in a turn, and what comes later at once again', async () => {
    const { stream, written } = gathering()

    stream.gather()
    stream.send(text('a'))
    await Promise.resolve()
    stream.gather()
    stream.send(text('b'))
    expect(written).toEqual([])

    await new Promise((resolve) => { setImmediate(resolve) })
    expect(written).toEqual(['ab'])

    stream.send(text('c'))
    expect(written).toEqual(['ab', 'c'])
    stream.abort(new Error('done'))
  })

  it('writes what is large behind what it has gathered, and waits no longer', () => {
    const { stream, written } = gathering()

    stream.gather()
    stream.send(text('a'))
    stream.send(text('b'.repeat(5000)))
    stream.send(text('c'))

    expect(written.map((bytes) => bytes.slice(0, 2))).toEqual(['a', 'bb', 'c'])
    stream.abort(new Error('done'))
  })

  it('gathers no more than 4 KiB in a turn, however small the pieces', () => {
    const { stream, written } = gathering()

    stream.gather()

    for (let i = 0; i < 5; i++) {
      stream.send(text(String(i).repeat(1024)))
    }

    expect(written.map(({ length }) => length)).toEqual([4096, 1024])
    stream.abort(new Error('done'))
  })

  it.each(['close', 'abort'] as const)('writes what it has gathered before its own %s', (end) => {
    const { stream, written } = gathering()

    stream.gather()
    stream.send(text('a'))
    void stream[end](new Error('done'))

    expect(written).toEqual(['a'])
    stream.abort(new Error('done'))
  })
})

describe('a socket that has closed', () => {
  it('keeps nothing of its stream, as V8 keeps what Node keeps of it', async () => {
    const { stream } = gathering()
    const { socket } = stream

    stream.abort(new Error('done'))
    await new Promise((resolve) => { socket.once('close', resolve) })

    const listeners = socket.eventNames().flatMap((name) => socket.listeners(name))

    expect(listeners.filter((listener) => listener.name.startsWith('#'))).toEqual([])
    expect(() => socket.emit('error', new Error('late'))).not.toThrow()
  })
})
