import { describe, expect, it } from 'vitest'
import { queueOfBytes } from '../../../src/channel/bytes/chunk-bytes.ts'
import { byteStreamPair, HIGH_WATER_BYTES, MEMORY_BUFFER_BYTES } from '../../../src/channel/bytes/index.ts'
import { memoryLinkPair } from '../../../src/channel/bytes/memory-link.ts'
import { fill, isSettled, readPattern, textOf, utf8, writePattern } from './support.ts'
import type { ByteLink, LinkEvents } from '../../../src/channel/contract/index.ts'

/** Records what a link tells. */
function record (link: ByteLink, onData: (text: string) => void = () => {}): string[] {
  const told: string[] = []
  const events: LinkEvents = {
    onData (bytes) {
      told.push(textOf(bytes) ?? '')
      onData(textOf(bytes) ?? '')
    },
    onEnd: () => { told.push('END') },
    onRoom: () => { told.push('ROOM') },
    onClose: (error) => { told.push(error == null ? 'CLOSED' : error.name) }
  }

  link.attach(events)

  return told
}

describe('byteStreamPair', () => {
  it('carries bytes both ways, and each direction ends apart', async () => {
    const [a, b] = byteStreamPair()

    await a.end('ping')
    expect(await b.text()).toBe('ping')

    await b.end('pong')
    expect(await a.text()).toBe('pong')
    expect([await a.closed, await b.closed]).toEqual([undefined, undefined])
  })

  it('passes bytes on without a copy', async () => {
    const [a, b] = byteStreamPair()
    const part = new Uint8Array(1_000_000).subarray(5, 60_005)

    const read = b.read()
    void a.write(part)

    expect(await read).toBe(part)
  })

  it('holds a bounded number of bytes that nobody reads', async () => {
    const [a] = byteStreamPair()

    expect(await fill(a, 1024)).toBe(HIGH_WATER_BYTES + MEMORY_BUFFER_BYTES)
  })

  it('goes on when they are read', async () => {
    const [a, b] = byteStreamPair()

    await fill(a)
    const written = a.write('behind')
    expect(await isSettled(written)).toBe(false)

    const ended = a.closeWrite()
    await b.bytes()

    expect([await written, await ended]).toEqual([undefined, undefined])
  })

  it('moves 64 MiB in chunks of all sizes in order', async () => {
    const [a, b] = byteStreamPair()
    const sizes = [1, 100, 512, 513, 4096, 65_536, 1_000_000]
    const totals = await Promise.all(sizes.map(async (size) => {
      const [near, far] = byteStreamPair()
      const total = size < 512 ? 100_000 : 10_000_000

      void writePattern(near, total, size)

      return await readPattern(far) === total
    }))

    void a.end()
    expect(await b.read()).toBe(null)
    expect(totals).toEqual(sizes.map(() => true))
  })
})

describe('a link in memory', () => {
  it('tells nothing before it is resumed', () => {
    const [a, b] = memoryLinkPair()
    const told = record(b)

    a.write(utf8('early'))
    a.end()
    expect(told).toEqual([])

    b.resume()
    expect(told).toEqual(['early', 'END'])
  })

  it('tells nothing while it is paused, not even the end', () => {
    const [a, b] = memoryLinkPair()
    const told = record(b, () => { b.pause() })

    b.resume()
    a.write(utf8('x'))
    a.end()
    expect(told).toEqual(['x'])

    b.resume()
    expect(told).toEqual(['x', 'END'])
  })

  it('closes when both directions have ended, once and last', () => {
    const [a, b] = memoryLinkPair()
    const told = record(b)

    b.resume()
    b.end()
    a.end()
    a.reset({ code: 0, message: '' })
    b.reset({ code: 0, message: '' })

    expect(told).toEqual(['END', 'CLOSED'])
  })

  it('says when to wait, and tells of room once when half has gone', () => {
    const [a, b] = memoryLinkPair()
    const toldA = record(a)
    const half = new Uint8Array(MEMORY_BUFFER_BYTES / 2)
    let left = 1

    b.attach({
      onData () {
        left--

        if (left === 0) {
          b.pause()
        }
      },
      onEnd () {},
      onRoom () {},
      onClose () {}
    })

    expect([a.write(half), a.write(half), a.write(half)]).toEqual([true, false, false])

    b.resume()
    expect(toldA).toEqual([])

    left = 1
    b.resume()
    expect(toldA).toEqual(['ROOM'])
  })

  it('delivers what is written within a delivery behind it', () => {
    const [a, b] = memoryLinkPair()
    const told = record(b, (text) => {
      if (text === '1') {
        a.write(utf8('2'))
        a.end()
        told.push('returned')
      }
    })

    b.resume()
    a.write(utf8('1'))

    expect(told).toEqual(['1', 'returned', '2', 'END'])
  })

  it('delivers what came before a reset when it is resumed after that', () => {
    const [a, b] = memoryLinkPair()
    const told = record(b)

    a.write(utf8('before'))
    a.reset({ code: 5, message: '' })
    expect(told).toEqual(['StreamResetError'])

    b.resume()
    expect(told).toEqual(['StreamResetError', 'before'])
  })

  it('tells its own side nothing but the close after a reset', () => {
    const [a, b] = memoryLinkPair()
    const toldA = record(a)

    b.write(utf8('unread'))
    b.end()
    a.reset({ code: 0, message: '' })
    a.resume()

    expect(toldA).toEqual(['StreamAbortedError'])
  })

  it('lets bytes go nowhere after the end', () => {
    const [a, b] = memoryLinkPair()
    const toldB = record(b)

    b.resume()
    a.end()
    expect(a.write(utf8('late'))).toBe(true)

    expect(toldB).toEqual(['END'])
  })
})

describe('a queue of bytes', () => {
  it('gives chunks in order, and counts their bytes', () => {
    const queue = queueOfBytes()
    const large = new Uint8Array(600)

    queue.push(large)
    queue.push(utf8('ab'))
    queue.push(new Uint8Array(0))

    expect(queue.byteLength).toBe(602)
    expect(queue.shift()).toBe(large)
    expect(textOf(queue.shift() ?? null)).toBe('ab')
    expect(queue.shift()).toBe(undefined)
    expect(queue.byteLength).toBe(0)
  })

  it('copies small chunks together, up to 4 KiB', () => {
    const queue = queueOfBytes()

    for (let count = 0; count < 5000; count++) {
      queue.push(Uint8Array.of(count % 256))
    }

    const [first, second] = [queue.shift(), queue.shift()]

    expect([first?.byteLength, second?.byteLength]).toEqual([4096, 904])
    expect(second?.[0]).toBe(4096 % 256)
    expect(queue.shift()).toBe(undefined)
  })

  it('does not touch memory that it has given out or been given', () => {
    const queue = queueOfBytes()
    const mine = utf8('ab')

    queue.push(mine)
    queue.push(utf8('cd'))
    const joined = queue.shift()
    queue.push(utf8('ef'))

    expect([textOf(mine), textOf(joined ?? null), textOf(queue.shift() ?? null)]).toEqual(['ab', 'abcd', 'ef'])
  })

  it('holds on to no buffer that is much larger than its part of it', () => {
    const queue = queueOfBytes()
    const buffer = new Uint8Array(65_536)

    queue.push(buffer.subarray(0, 1000))
    queue.push(buffer.subarray(0, 20_000))

    expect(queue.shift()?.buffer.byteLength).toBe(1000)
    expect(queue.shift()?.buffer).toBe(buffer.buffer)
  })

  it('stays in order over many chunks, and can be cleared', () => {
    const queue = queueOfBytes()
    const got: number[] = []

    for (let count = 0; count < 2000; count++) {
      queue.push(new Uint8Array(513).fill(count % 256))

      if (count % 2 === 1) {
        got.push(queue.shift()?.[0] ?? -1)
      }
    }

    expect(got).toEqual(Array.from({ length: 1000 }, (_, at) => at % 256))

    queue.clear()
    expect([queue.byteLength, queue.shift()]).toEqual([0, undefined])
  })
})
