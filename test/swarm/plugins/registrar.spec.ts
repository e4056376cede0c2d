import { describe, expect, it } from 'vitest'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, readAll } from './fixtures.ts'
import { memoryNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { Connection, Stream, StreamMiddleware } from '@libp2p/interface'

const ECHO = '/echo/1.0.0'

async function pair (): Promise<[TestNode, TestNode]> {
  return [await memoryNode(), await memoryNode()]
}

async function dialStream (from: TestNode, to: TestNode, protocol = ECHO): Promise<Stream> {
  return from.libp2p.dialProtocol(to.libp2p.getMultiaddrs(), protocol)
}

async function echo (stream: Stream): Promise<void> {
  for await (const message of stream) {
    stream.send(message)
  }

  await stream.close()
}

/** Does nothing but to leave its name. */
function passing (name: string, passed: string[]): StreamMiddleware {
  return (stream, connection, next) => {
    passed.push(name)
    next(stream, connection)
  }
}

describe('PluginRegistrar', () => {
  it('serves streams of plugins with handlers of plugins', async () => {
    const [a, b] = await pair()
    let seen: Connection | undefined

    await b.libp2p.handle(ECHO, async (stream, connection) => {
      seen = connection
      await echo(stream)
    })

    const stream = await dialStream(a, b)

    stream.send(bytes('hello'))
    await stream.close()

    expect(await readAll(stream as never)).toBe('hello')
    expect(seen).toBe(b.libp2p.getConnections(a.swarm.peerId).at(0))
    expect(b.errors).toEqual([])
  })

  it('shares its protocols with our own API, both ways', async () => {
    const [a, b] = await pair()

    b.swarm.handle('/ours/1', async (stream) => { await stream.end('from ours') })
    await b.libp2p.handle('/theirs/1', async (stream) => {
      stream.send(bytes('from theirs'))
      await stream.close()
    })

    expect(b.swarm.protocols().sort()).toEqual(b.libp2p.getProtocols())
    expect(await readAll(await dialStream(a, b, '/ours/1') as never)).toBe('from ours')
    expect(await (await a.swarm.newStream(b.swarm.peerId, '/theirs/1')).text()).toBe('from theirs')
  })

  it('has our own record say what it handles as soon as handle and unhandle resolve', async () => {
    const [, b] = await pair()

    await b.libp2p.handle([ECHO, '/other/1'], echo)
    expect((await b.swarm.peerStore.get(b.swarm.peerId)).protocols).toEqual(expect.arrayContaining([ECHO, '/other/1']))

    await b.libp2p.unhandle([ECHO])
    expect((await b.swarm.peerStore.get(b.swarm.peerId)).protocols).not.toContain(ECHO)
  })

  it('refuses a second handler unless forced', async () => {
    const [, b] = await pair()

    await b.libp2p.handle(ECHO, echo)
    await expect(b.libp2p.handle(ECHO, echo)).rejects.toMatchObject({ code: 'DuplicateHandler' })
    await expect(b.libp2p.handle(ECHO, echo, { force: true })).resolves.toBeUndefined()
  })

  it('says by its name that the peer does not speak a protocol', async () => {
    const [a, b] = await pair()

    await expect(dialStream(a, b, '/nobody/1')).rejects.toMatchObject({ name: 'UnsupportedProtocolError' })
  })

  it('resets the stream and reports when a handler throws', async () => {
    const [a, b] = await pair()

    await b.libp2p.handle(ECHO, async (stream) => {
      await stream[Symbol.asyncIterator]().next()
      throw new Error('broken handler')
    })

    const stream = await dialStream(a, b)

    stream.send(bytes('hello'))
    await expect(readAll(stream as never)).rejects.toMatchObject({ name: 'StreamResetError' })
    expect(b.errors).toMatchObject([{ during: `stream handler ${ECHO}`, error: { message: 'broken handler' } }])
  })

  it('does not report a handler that throws as the peer has gone', async () => {
    const [a, b] = await pair()
    let ended = false

    await b.libp2p.handle(ECHO, async (stream) => {
      try {
        await readAll(stream as never)
      } finally {
        ended = true
      }
    })
    ;(await dialStream(a, b)).abort(new Error('bye'))
    await eventually(() => ended)
    await turns(5)

    expect(b.errors).toEqual([])
  })

  it('runs middleware of both sides in order, and each of its streams through the same chain', async () => {
    const [a, b] = await pair()
    const passed: string[] = []

    a.libp2p.use(ECHO, passing('out', passed))
    b.libp2p.use(ECHO, [passing('first', passed), passing('second', passed)])
    await b.libp2p.handle(ECHO, echo, { middleware: [passing('of the handler', passed)] })

    for (let i = 0; i < 3; i++) {
      const stream = await dialStream(a, b)

      await stream.close()
      await readAll(stream as never)
    }

    expect(passed.filter((name) => name !== 'out')).toEqual(new Array(3).fill(['first', 'second', 'of the handler']).flat())
    expect(passed.filter((name) => name === 'out')).toHaveLength(3)
  })

  it('gives the handler the stream that middleware puts in place', async () => {
    const [a, b] = await pair()
    const wrapped = { wrapped: true } as unknown as Stream
    let served: Stream | undefined

    b.libp2p.use(ECHO, (_stream, connection, next) => { next(wrapped, connection) })
    await b.libp2p.handle(ECHO, (stream) => { served = stream })
    await dialStream(a, b)
    await eventually(() => served != null)

    expect(served).toBe(wrapped)
  })

  it('fails newStream when middleware throws, and resets the stream', async () => {
    const [a, b] = await pair()

    await b.libp2p.handle(ECHO, echo)
    a.libp2p.use(ECHO, () => { throw new Error('not today') })

    await expect(dialStream(a, b)).rejects.toThrow('not today')
    await eventually(() => a.libp2p.getConnections().every(({ streams }) => streams.length === 0))
  })

  it('settles when middleware never lets a stream pass', async () => {
    const [a, b] = await pair()

    await b.libp2p.handle(ECHO, echo)
    a.libp2p.use(ECHO, (stream) => { stream.abort(new Error('swallowed')) })

    await expect(dialStream(a, b)).rejects.toThrow('swallowed')
  })

  it('runs no middleware after unuse', async () => {
    const [a, b] = await pair()
    const passed: string[] = []

    await b.libp2p.handle(ECHO, echo)
    a.libp2p.use(ECHO, passing('out', passed))
    a.libp2p.unuse(ECHO)
    await dialStream(a, b)

    expect(passed).toEqual([])
  })

  it('refuses more streams of a protocol than its handler takes', async () => {
    const [a, b] = await pair()

    await b.libp2p.handle(ECHO, echo, { maxInboundStreams: 1 })

    const first = await dialStream(a, b)
    const second = dialStream(a, b).then((stream) => readAll(stream as never))

    await expect(second).rejects.toMatchObject({ name: 'StreamResetError' })
    first.send(bytes('still here'))
    await first.close()
    expect(await readAll(first as never)).toBe('still here')
  })
})
