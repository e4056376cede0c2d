import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../../src/swarm/limits/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { muxerPair, port, streamPair } from '../../support/stream-pair.ts'
import type { StreamPort } from '../../../src/swarm/stream/index.ts'
import type { Stream as RawStream } from '@libp2p/interface'

/**
 * The faults of the streams that js-libp2p ships (reference: @libp2p/utils 7.4, @libp2p/yamux 8.0), each
 * shown on the raw stream and absent from ours.
 */

const KIB = 1024
const MIB = 1024 * KIB

describe('a stream whose peer has ended before anybody reads', () => {
  it('never ends the iteration of the raw stream', async () => {
    using muxers = muxerPair()
    const [near, far] = await muxers.open()
    const iterated: string[] = []

    far.send(new TextEncoder().encode('hello'))
    await far.close()
    await eventually(() => near.remoteWriteStatus === 'closed')
    collectRaw(near).then(() => { iterated.push('ended') }, () => {})
    await turns(500)

    expect(iterated).toEqual([])
  })

  it('gives its bytes and its end to an iteration that begins late', async () => {
    using pair = await streamPair()

    await pair.far.end('hello')
    await eventually(() => pair.near.port.remoteEnded)

    expect(await pair.near.text()).toBe('hello')
    expect(await pair.near.read()).toBeNull()
  })
})

describe('a reader that is slower than its peer', () => {
  it('keeps its peer waiting, at the bound', async () => {
    using pair = await streamPair({ port: { highWaterBytes: 128 * KIB, lowWaterBytes: 32 * KIB } })
    const writing = writeMuch(pair.far.port, 64 * MIB)

    await eventually(() => !pair.far.port.hasRoom)
    await turns(2_000)

    // what is here, and at most one window of yamux behind it
    expect(pair.near.port.buffered).toBeLessThanOrEqual(128 * KIB + 256 * KIB)
    expect(pair.near.port.buffered + pair.near.port.raw.readBufferLength).toBeLessThan(17 * MIB)

    pair.near.reset()
    await expect(writing).rejects.toMatchObject({ code: 'StreamReset' })
  })

  it('loses nothing when it goes on', async () => {
    using pair = await streamPair({ port: { highWaterBytes: 64 * KIB, lowWaterBytes: 16 * KIB } })
    const total = 24 * MIB
    const writing = writeMuch(pair.far.port, total).then(async () => pair.far.closeWrite())
    let read = 0

    for await (const chunk of pair.near) {
      read += chunk.byteLength
      await turns(1)
    }

    await writing
    expect(read).toBe(total)
  })

  it('is not reset by holding back for longer than the raw read buffer lasts', async () => {
    using pair = await streamPair({ port: { highWaterBytes: 1, lowWaterBytes: 0 } })
    const total = 20 * MIB
    const writing = writeMuch(pair.far.port, total).then(async () => pair.far.closeWrite())

    await turns(3_000)
    expect(pair.near.port.error).toBeUndefined()
    expect((await pair.near.bytes({ maxBytes: total })).byteLength).toBe(total)
    await writing
  })

  it('stops all streams when the bytes of all together reach their bound', async () => {
    const budget = new MemoryBudget(256 * KIB)
    using pair = await streamPair({ budget })
    const writing = writeMuch(pair.far.port, 8 * MIB).then(async () => pair.far.closeWrite())

    await eventually(() => budget.exhausted)
    await turns(1_000)
    expect(budget.used).toBeLessThanOrEqual(256 * KIB + 256 * KIB)

    expect((await pair.near.bytes({ maxBytes: 8 * MIB })).byteLength).toBe(8 * MIB)
    await writing
    expect(budget.used).toBe(0)
  })
})

describe('a writer that is faster than its peer', () => {
  it('waits for room every time, not only the first', async () => {
    using pair = await streamPair()
    let most = 0
    const writing = (async () => {
      for (let sent = 0; sent < 32 * MIB; sent += 64 * KIB) {
        await pair.far.write(new Uint8Array(64 * KIB))
        most = Math.max(most, pair.far.port.raw.writeBufferLength)
      }

      await pair.far.closeWrite()
    })()

    expect((await pair.near.bytes({ maxBytes: 32 * MIB })).byteLength).toBe(32 * MIB)
    await writing
    expect(most).toBeLessThanOrEqual(256 * KIB)
  })

  it('keeps the order of writes that are not awaited', async () => {
    using pair = await streamPair()
    const writes = Array.from({ length: 500 }, async (_, index) => pair.far.write(Uint8Array.of(index >> 8, index & 0xff)))

    await Promise.all(writes)
    await pair.far.closeWrite()

    const bytes = await pair.near.bytes()
    const order = Array.from({ length: 500 }, (_, index) => ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0))

    expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index))
  })

  it('is told to await its writes when too many wait', async () => {
    using pair = await streamPair()
    const big = new Uint8Array(MIB)
    const writes = Array.from({ length: 1_025 }, async () => pair.far.write(big))
    const last = writes.pop()

    await expect(last).rejects.toMatchObject({ code: 'ResourceLimit', message: expect.stringContaining('1024 of 1024') })
    pair.far.reset()
    await Promise.allSettled(writes)
  })
})

describe('a stream that is held back from its first tick', () => {
  it('still answers its opener', async () => {
    using muxers = muxerPair()
    let far: StreamPort | undefined
    const [near] = await muxers.open((raw) => { far = port(raw, { port: { highWaterBytes: 1, lowWaterBytes: 0 } }) })
    const nearPort = port(near)

    await nearPort.write(new Uint8Array(100))
    await eventually(() => (far?.buffered ?? 0) === 100)
    await nearPort.write(new Uint8Array(100))
    await turns(100)

    // yamux: 3 is established, 1 is waiting for the answer
    expect((near as RawStream & { state: number }).state).toBe(3)
  })
})

describe('a connection that dies', () => {
  it('ends the raw stream as if the peer had ended it', async () => {
    using muxers = muxerPair()
    const [near] = await muxers.open()
    const reading = collectRaw(near)

    await muxers.sockets[1].close()

    await expect(reading).resolves.toEqual([])
  })

  it('is an error to the reader, after what had arrived', async () => {
    using pair = await streamPair()

    await pair.far.write('half of it')
    await eventually(() => pair.near.port.buffered > 0)
    await pair.muxers.sockets[1].close()

    await eventually(() => pair.near.port.isClosed)
    expect(new TextDecoder().decode(await pair.near.read() ?? undefined)).toBe('half of it')
    await expect(pair.near.read()).rejects.toMatchObject({ code: 'ConnectionLost' })
    await expect(pair.near.write('more')).rejects.toMatchObject({ code: 'ConnectionLost' })
  })
})

async function collectRaw (raw: RawStream): Promise<unknown[]> {
  const chunks: unknown[] = []

  for await (const chunk of raw) {
    chunks.push(chunk)
  }

  return chunks
}

async function writeMuch (to: StreamPort, bytes: number): Promise<void> {
  const chunk = new Uint8Array(64 * KIB)

  for (let sent = 0; sent < bytes; sent += chunk.byteLength) {
    await to.write(chunk)
  }
}
