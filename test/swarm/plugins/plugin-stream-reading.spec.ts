import { byteStream } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, collect, pluginPair, readAll, record } from './fixtures.ts'

const KIB = 1024
const MIB = 1024 * KIB

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

  it('gives listeners that come late everything that came before', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('one '))
    near.send(bytes('two'))
    await near.close()
    await far.close()
    await eventually(() => far.original.port.isClosed)

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

  it('takes no more than the loop asks for', async () => {
    using pair = await pluginPair()
    const { near, far, pair: { far: original } } = pair
    const loop = far[Symbol.asyncIterator]()

    for (let i = 0; i < 64; i++) {
      near.send(new Uint8Array(256 * KIB))
    }

    await loop.next()
    await eventually(() => far.readBufferLength > 0)
    await turns(50)

    expect(original.port.bytesRead).toBeLessThanOrEqual(256 * KIB)
    expect(near.writeBufferLength).toBeGreaterThan(8 * MIB)
    expect(far.status).toBe('open')
  })

  it('lets a paused stream hold back its peer for as long as it likes, and resets nothing', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let received = 0

    far.addEventListener('message', ({ data }) => { received += data.byteLength })
    far.pause()

    for (let i = 0; i < 64; i++) {
      near.send(new Uint8Array(512 * KIB))
    }

    await near.close().catch(() => {}) && await turns(1)
    expect(received).toBe(0)
  })
})
