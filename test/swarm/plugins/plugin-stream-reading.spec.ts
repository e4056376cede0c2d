import { describe, expect, it } from 'vitest'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, collect, pluginPair, readAll, record } from './fixtures.ts'
import type { PluginStream } from '../../../src/swarm/plugins/index.ts'

const KIB = 1024
const MIB = 1024 * KIB

function sendMany (stream: PluginStream, count: number, size: number): void {
  for (let i = 0; i < count; i++) {
    stream.send(new Uint8Array(size))
  }
}

describe('PluginStream, reading', () => {
  it('ends a loop that starts after the end has arrived', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('hello'))
    await near.close()
    await eventually(() => far.remoteWriteStatus === 'closed')

    expect(await readAll(far)).toBe('hello')
    expect(await readAll(far)).toBe('')
  })

  it('gives listeners that come late everything that came before, bytes first', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('one '))
    near.send(bytes('two'))
    await near.close()
    await far.close()
    await eventually(() => far.status === 'closed')

    const told = record(far, 'close', 'end', 'remoteCloseWrite', 'message')
    const collected = collect(far)

    await eventually(() => told.includes('close'))
    expect(collected.text).toBe('one two')
    expect(told.filter((type) => type !== 'message')).toEqual(['remoteCloseWrite', 'end', 'close'])
    expect(told.lastIndexOf('message')).toBeLessThan(told.indexOf('remoteCloseWrite'))
  })

  it('tells nobody late who has stopped listening meanwhile', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let told = 0
    const onEnd = (): void => { told++ }

    await near.close()
    await eventually(() => far.readableEnded)
    far.addEventListener('end', onEnd)
    far.removeEventListener('end', onEnd)
    await turns(3)

    expect(told).toBe(0)
  })

  it('takes no more than a loop asks for', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const loop = far[Symbol.asyncIterator]()

    sendMany(near, 64, 256 * KIB)
    await loop.next()
    await turns(50)

    expect(far.original.port.bytesRead).toBeLessThanOrEqual(256 * KIB)
    expect(near.writeBufferLength).toBeGreaterThan(8 * MIB)
    expect(far.status).toBe('open')
  })

  it('gives every loop and every listener all messages, at the pace of the slowest loop', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const collected = collect(far)
    const slow = far[Symbol.asyncIterator]()
    const first = slow.next()
    const fast = readAll(far)

    await turns(1)
    near.send(bytes('a'))
    await first
    near.send(bytes('b'))
    await turns(5)

    expect(collected.text).toBe('a')

    await slow.next()
    await near.close()

    expect(await slow.next()).toEqual({ done: true, value: undefined })
    expect(await fast).toBe('ab')
    expect(collected.text).toBe('ab')
  })

  it('loses nothing when a loop is left and another one begins', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('a'))

    const loop = far[Symbol.asyncIterator]()

    expect((await loop.next()).value?.subarray()).toEqual(bytes('a'))
    await loop.return(undefined)
    near.send(bytes('b'))
    await near.close()

    expect(await readAll(far)).toBe('b')
  })

  it('holds back its peer while it is paused, for as long as it likes, and resets nothing', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let received = 0

    far.addEventListener('message', ({ data }) => { received += data.byteLength })
    far.pause()
    sendMany(near, 48, 512 * KIB)

    const closing = near.close()

    await turns(100)
    expect({ received, readStatus: far.readStatus, status: far.status }).toEqual({ received: 0, readStatus: 'paused', status: 'open' })

    far.resume()
    await closing
    await eventually(() => received === 24 * MIB)
    expect(near.status).toBe('open')
  })

  it('stops at once when a listener pauses it', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const collected = collect(far)

    far.addEventListener('message', () => { far.pause() })
    near.send(bytes('a'))
    near.send(bytes('b'))
    await eventually(() => collected.text === 'a')
    await turns(5)

    expect(collected.text).toBe('a')
    far.resume()
    expect(collected.text).toBe('ab')
  })

  it('keeps what arrives while nobody listens', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('kept'))
    await eventually(() => far.readBufferLength === 4)
    await turns(5)

    const collected = collect(far)

    await eventually(() => collected.text === 'kept')
    expect(far.readBufferLength).toBe(0)
  })

  it('says that the peer ended only after the bytes before that', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const told = record(far, 'message', 'remoteCloseWrite', 'end')

    far.pause()
    near.send(bytes('last words'))
    await near.close()
    await eventually(() => far.remoteWriteStatus === 'closed')
    await turns(5)
    expect(told).toEqual([])

    far.resume()
    expect(told).toEqual(['message', 'remoteCloseWrite', 'end'])
    expect(far.readStatus).toBe('closed')
  })

  it('tells of the end those who do not read, although bytes are left', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const told = record(far, 'remoteCloseWrite', 'end')

    near.send(bytes('unread'))
    await near.close()
    await eventually(() => told.length > 0)

    expect(told).toEqual(['remoteCloseWrite'])
    expect(far.readableEnded).toBe(false)
  })

  it('takes bytes back in front of all others, also after the end', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('x'))
    await near.close()
    await eventually(() => far.readBufferLength === 1 && far.remoteWriteStatus === 'closed')
    far.unshift(bytes('front '))
    far.push(bytes(' back'))

    expect(await readAll(far)).toBe('front x back')

    far.unshift(bytes('once more'))
    expect(await readAll(far)).toBe('once more')
  })

  it('gives a listener bytes that were pushed', async () => {
    using pair = await pluginPair()
    const { far } = pair
    const collected = collect(far)

    far.push(bytes('pushed'))
    await eventually(() => collected.text === 'pushed')
  })

  it('drops what is unread and what still comes after closeRead, and its loops end', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('unread'))
    await eventually(() => far.readBufferLength === 6)
    await far.closeRead()
    near.send(bytes('late'))
    far.unshift(bytes('surplus'))
    await turns(10)

    expect({ readStatus: far.readStatus, buffered: far.readBufferLength, ended: far.readableEnded }).toEqual({ readStatus: 'closed', buffered: 0, ended: true })
    expect(await readAll(far)).toBe('')
  })
})
