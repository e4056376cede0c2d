import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/settle.ts'
import { noisePair, pattern, readAll } from './scene.ts'
import type { NoisePair } from './scene.ts'

/** What is on its way to `far`, taken off the wire. */
function onTheWire ({ near, ends }: NoisePair, write: () => void): Uint8Array {
  const [dialled] = ends
  const before = dialled.sent.length

  dialled.isStalled = true
  write()
  expect(near.status).toBe('open')

  return Buffer.concat(dialled.sent.slice(before))
}

function received ({ events }: NoisePair): Uint8Array {
  return Buffer.concat(events)
}

describe('an encrypted stream', () => {
  it('brings bytes both ways', async () => {
    const pair = await noisePair()
    const back: Uint8Array[] = []

    pair.near.addEventListener('message', ({ data }) => { back.push(data.slice()) })
    pair.near.send(pattern(200_000))
    pair.far.send(new Uint8ArrayList(pattern(10), pattern(1000)))
    await eventually(() => received(pair).byteLength === 200_000 && Buffer.concat(back).byteLength === 1010)

    expect(Buffer.compare(received(pair), pattern(200_000))).toBe(0)
    expect(Buffer.compare(Buffer.concat(back), Buffer.concat([pattern(10), pattern(1000)]))).toBe(0)
  })

  it('gives the transport all messages of a write in one call', async () => {
    const { near, ends: [dialled] } = await noisePair()
    const before = dialled.sent.length

    near.send(new Uint8Array(1_000_000))
    near.send(new Uint8Array(0))

    expect(dialled.sent.length - before).toBe(1)
  })

  it('tells of all that one event of the transport brought in one event', async () => {
    const pair = await noisePair()
    const bytes = onTheWire(pair, () => {
      for (const count of [10, 20, 5000, 30, 70_000]) {
        pair.near.send(pattern(count))
      }
    })

    pair.ends[1].receive(bytes)

    expect(pair.events.map(({ byteLength }) => byteLength)).toEqual([75_060])
  })

  it('tells of a message when its last byte has come', async () => {
    const pair = await noisePair()
    const bytes = onTheWire(pair, () => { pair.near.send(pattern(3000)) })

    pair.ends[1].receive(bytes.subarray(0, -1))
    expect(pair.events).toEqual([])

    pair.ends[1].receive(bytes.subarray(-1))
    expect(Buffer.compare(received(pair), pattern(3000))).toBe(0)
  })

  it('brings bulk over a transport that saturates, in order, whoever waits for drain', async () => {
    const pair = await noisePair({ highWaterBytes: 200_000, pieceBytes: 60_000 })
    const writes = Array.from({ length: 200 }, (_, i) => pattern(100_000, i + 1))

    pair.ends.forEach((end) => { end.isRecording = false })

    for (const write of writes) {
      if (!pair.near.send(write)) {
        await pair.near.onDrain()
      }
    }

    await eventually(() => pair.events.reduce((sum, { byteLength }) => sum + byteLength, 0) === 20_000_000)
    expect(Buffer.compare(received(pair), Buffer.concat(writes))).toBe(0)
  })
})

describe('the write side of an encrypted stream', () => {
  it('answers as its transport, and tells of its drain', async () => {
    const { near, ends: [dialled] } = await noisePair({ highWaterBytes: 10_000 })
    const drains: boolean[] = []

    near.addEventListener('drain', () => { drains.push(near.writableNeedsDrain) })

    expect([near.send(new Uint8Array(9000)), near.writableNeedsDrain]).toEqual([true, false])
    expect([near.send(new Uint8Array(2000)), near.writableNeedsDrain]).toEqual([false, true])
    expect([near.send(new Uint8Array(0)), near.writeBufferLength]).toEqual([false, 11_036])

    await near.onDrain()
    expect([drains, near.writableNeedsDrain, near.send(new Uint8Array(10))]).toEqual([[false], false, true])
    expect(dialled.writableNeedsDrain).toBe(false)
  })

  it('has room when the transport drains within a write', async () => {
    const { near, ends: [dialled] } = await noisePair({ highWaterBytes: 1 })
    const send = dialled.send.bind(dialled)

    dialled.send = (data) => {
      const hasRoom = send(data)

      dialled.dispatchEvent(new Event('drain'))

      return hasRoom
    }

    expect([near.send(new Uint8Array(10)), near.writableNeedsDrain]).toEqual([true, false])
  })

  it('has room when somebody writes as the transport drains within a write', async () => {
    const { near, ends: [dialled] } = await noisePair({ highWaterBytes: 1_000_000 })
    const send = dialled.send.bind(dialled)
    let sends = 0

    dialled.send = (data) => {
      const isFirst = sends++ === 0

      send(data)

      if (isFirst) {
        dialled.dispatchEvent(new Event('drain'))
      }

      return !isFirst
    }

    near.addEventListener('drain', () => { near.send(new Uint8Array(10)) })

    expect([near.send(new Uint8Array(10)), near.writableNeedsDrain, sends]).toEqual([true, false, 2])
  })

  it('has no room before the drain that it has promised, whatever the transport says to who did not wait', async () => {
    const { near, ends: [dialled] } = await noisePair({ highWaterBytes: 1_000_000 })
    const send = dialled.send.bind(dialled)
    let drains = 0

    near.addEventListener('drain', () => { drains++ })
    dialled.send = () => false
    expect(near.send(new Uint8Array(10))).toBe(false)

    dialled.send = send
    expect([near.send(new Uint8Array(10)), near.writableNeedsDrain]).toEqual([false, true])

    dialled.dispatchEvent(new Event('drain'))
    expect([drains, near.writableNeedsDrain, near.send(new Uint8Array(10))]).toEqual([1, false, true])
  })

  it('takes nothing after close and abort', async () => {
    const [closing, aborted] = [await noisePair(), await noisePair()]
    const closed = closing.near.close()

    aborted.near.abort(new Error('enough'))

    expect(() => closing.near.send(new Uint8Array(1))).toThrow('cannot write to a stream whose writable end is closing')
    expect(() => aborted.near.send(new Uint8Array(1))).toThrow(expect.objectContaining({ name: 'StreamStateError' }))
    await closed
  })
})

describe('the read side of an encrypted stream', () => {
  it('hands pause and resume to the transport, and keeps what was on its way', async () => {
    const pair = await noisePair()
    const asked: string[] = []

    Object.assign(pair.ends[1], { pause: () => { asked.push('pause') }, resume: () => { asked.push('resume') } })
    pair.far.pause()
    pair.near.send(pattern(5000))
    await eventually(() => pair.far.readBufferLength === 5000)
    expect([pair.events, asked]).toEqual([[], ['pause']])

    pair.far.resume()
    expect([received(pair).byteLength, pair.far.readBufferLength, asked]).toEqual([5000, 0, ['pause', 'resume']])
  })

  it('leaves the transport paused when what was kept made somebody pause again', async () => {
    const pair = await noisePair()
    const asked: string[] = []

    pair.far.pause()
    pair.near.send(pattern(10))
    await eventually(() => pair.far.readBufferLength === 10)

    Object.assign(pair.ends[1], { pause: () => { asked.push('pause') }, resume: () => { asked.push('resume') } })
    pair.far.addEventListener('message', () => { pair.far.pause() }, { once: true })
    pair.far.resume()

    expect([asked, pair.far.readStatus]).toEqual([['pause'], 'paused'])
  })

  it('keeps no more than maxReadBufferLength', async () => {
    const pair = await noisePair()

    pair.far.maxReadBufferLength = 1000
    pair.far.pause()
    pair.near.send(new Uint8Array(1001))
    await eventually(() => pair.far.status === 'aborted')

    expect([pair.told, pair.ends[1].abortedWith?.name]).toEqual([['end', 'abort StreamBufferError'], 'StreamBufferError'])
  })

  it('throws away what still comes after closeRead, and lets the transport go on', async () => {
    const pair = await noisePair()
    const asked: string[] = []

    pair.far.pause()
    Object.assign(pair.ends[1], { resume: () => { asked.push('resume') } })
    await pair.far.closeRead()
    pair.near.send(new Uint8Array(100))
    await eventually(() => pair.ends[0].writeBufferLength === 0)

    expect([asked, pair.events, pair.far.readBufferLength, pair.far.status]).toEqual([['resume'], [], 0, 'open'])
  })
})

describe('the end of an encrypted stream', () => {
  it('is graceful after close, behind all that was written', async () => {
    const pair = await noisePair()

    pair.near.send(pattern(100_000))
    await pair.near.close()

    expect([received(pair).byteLength, pair.told]).toEqual([100_000, ['remoteCloseWrite', 'end', 'close']])
    expect([pair.near.status, pair.far.status, pair.far.remoteWriteStatus]).toEqual(['closed', 'closed', 'closed'])
    await expect(pair.near.close()).resolves.toBeUndefined()
  })

  it('comes to who iterates', async () => {
    const pair = await noisePair()
    const reading = readAll(pair.far)

    pair.near.send(pattern(700))
    await pair.near.close()

    expect((await reading).byteLength).toBe(700)
  })

  it('is an abort here and a reset there', async () => {
    const pair = await noisePair()
    const error = new Error('enough')
    const closes: unknown[] = []

    pair.near.addEventListener('close', (event) => { closes.push([event.error, event.local]) })
    pair.near.abort(error)
    pair.near.abort(new Error('again'))

    expect([closes, pair.near.status, pair.ends[0].abortedWith]).toEqual([[[error, true]], 'aborted', error])
    expect([pair.told, pair.far.status]).toEqual([['end', 'reset Error'], 'reset'])
  })

  it('leaves what came before a reset to be read', async () => {
    const pair = await noisePair()

    pair.far.pause()
    pair.near.send(pattern(100))
    await eventually(() => pair.far.readBufferLength === 100)
    pair.ends[1].reset()
    expect([pair.far.status, pair.far.readBufferLength]).toEqual(['reset', 100])

    pair.far.resume()
    expect([received(pair).byteLength, pair.told]).toEqual([100, ['reset Error', 'end']])
  })

  it.each([1, 2, 100, 3000])('is a loss when the connection ends %i bytes into a message', async (count) => {
    const pair = await noisePair()

    pair.ends[1].receive(onTheWire(pair, () => { pair.near.send(pattern(5000)) }).subarray(0, count))
    pair.ends[1].end()

    expect([pair.told, pair.far.status, pair.events]).toEqual([['end', 'reset ConnectionLostError'], 'reset', []])
  })

  it('is a loss when the peer ends its direction within a message', async () => {
    const pair = await noisePair()

    pair.ends[1].receive(Uint8Array.of(1))
    pair.ends[1].dispatchEvent(new Event('remoteCloseWrite'))

    expect([pair.told, pair.ends[1].abortedWith?.message]).toEqual([['end', 'reset ConnectionLostError'], 'the connection ended within a message: received 1 bytes of unknown length'])
  })

  it('is none while the peer has ended its direction only', async () => {
    const pair = await noisePair()

    pair.ends[1].dispatchEvent(new Event('remoteCloseWrite'))
    pair.far.pause() // there is nothing to pause

    expect([pair.told, pair.far.status, pair.far.send(new Uint8Array(1))]).toEqual([['remoteCloseWrite', 'end'], 'open', true])
  })

  it('is graceful for who closes while a message is under way', async () => {
    const pair = await noisePair()

    pair.ends[1].receive(onTheWire(pair, () => { pair.near.send(pattern(5000)) }).subarray(0, 1000))
    await pair.far.close()

    expect([pair.told, pair.far.status]).toEqual([['remoteCloseWrite', 'end', 'close'], 'closed'])
  })

  it('is an abort with a typed error when a message is not authentic, behind those that are', async () => {
    const pair = await noisePair()
    const bytes = onTheWire(pair, () => {
      pair.near.send(pattern(30))
      pair.near.send(pattern(40))
    })

    bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
    pair.ends[1].receive(bytes)

    expect([pair.events.map(({ byteLength }) => byteLength), pair.told]).toEqual([[30], ['end', 'abort ProtocolViolationError']])
    expect(pair.ends[1].abortedWith).toMatchObject({ code: 'ProtocolViolation', rule: 'tag' })
  })

  it('leaves nothing of ours listening to the transport', async () => {
    for (const finish of [async (pair: NoisePair) => { await pair.far.close() }, async (pair: NoisePair) => { pair.far.abort(new Error('x')) }]) {
      const pair = await noisePair()

      await finish(pair)

      expect(['message', 'close', 'drain', 'idle', 'remoteCloseWrite'].map((type) => pair.ends[1].listenerCount(type))).toEqual([0, 0, 0, 0, 0])
    }
  })
})

describe('an encrypted stream and its transport', () => {
  it('share direction, log and inactivity timeout', async () => {
    const { near, ends: [dialled] } = await noisePair()

    near.inactivityTimeout = 5000

    expect([near.direction, near.log === dialled.log, dialled.inactivityTimeout, near.inactivityTimeout]).toEqual(['outbound', true, 5000, 5000])
  })

  it('are both idle', async () => {
    const pair = await noisePair()

    pair.ends[1].dispatchEvent(new Event('idle'))

    expect(pair.told).toEqual(['idle'])
  })
})
