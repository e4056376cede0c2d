import { Uint8ArrayList } from 'uint8arraylist'
import { describe, expect, it } from 'vitest'
import { MAX_UNSENT_BYTES } from '../../../src/swarm/plugins/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, collect, pluginPair, readAll, record } from './fixtures.ts'
import type { PluginStream } from '../../../src/swarm/plugins/index.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Sends more than a peer takes that does not read. */
function fill (stream: PluginStream): void {
  for (let i = 0; i < 16; i++) {
    stream.send(new Uint8Array(128 * KIB))
  }
}

describe('PluginStream, writing', () => {
  it('sends arrays and lists', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    expect(near.send(bytes('one '))).toBe(true)
    near.send(new Uint8ArrayList(bytes('two '), bytes('three')))
    await near.close()

    expect(await readAll(far)).toBe('one two three')
  })

  it('says when there is no room, and tells when there is again', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const told = record(near, 'drain', 'idle')

    fill(near)
    await turns(20)
    expect({ needsDrain: near.writableNeedsDrain, unsent: near.writeBufferLength > 0, told }).toEqual({ needsDrain: true, unsent: true, told: [] })

    collect(far)
    await eventually(() => told.includes('drain'))
    expect(told).toEqual(['idle', 'drain'])
    expect(near.writableNeedsDrain).toBe(false)
  })

  it('waits for room every time that onDrain is asked', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let most = 0
    let received = 0

    far.addEventListener('message', ({ data }) => { received += data.byteLength })

    for (let i = 0; i < 200; i++) {
      near.send(new Uint8Array(64 * KIB))
      most = Math.max(most, near.writeBufferLength)
      await near.onDrain()
      expect(near.writableNeedsDrain).toBe(false)
    }

    await near.close()
    await eventually(() => received === 200 * 64 * KIB)
    expect(most).toBeLessThanOrEqual(64 * KIB)
  })

  it('rejects onDrain when the stream ends meanwhile, and when its signal aborts', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const controller = new AbortController()
    const reason = new Error('had enough')

    fill(near)

    const aborted = near.onDrain({ signal: controller.signal })
    const reset = near.onDrain()

    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)

    far.abort(new Error('no more'))
    await expect(reset).rejects.toMatchObject({ name: 'StreamResetError' })
    await expect(near.onDrain()).rejects.toMatchObject({ name: 'StreamResetError' })
  })

  it('refuses to send after close, abort and reset', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    await near.close()
    expect(() => near.send(bytes('x'))).toThrow(expect.objectContaining({ name: 'StreamStateError' }))

    near.abort(new Error('gone'))
    await eventually(() => far.status === 'reset')
    expect(() => far.send(bytes('x'))).toThrow(expect.objectContaining({ name: 'StreamStateError' }))
  })

  it('refuses to send from the call of close on, before that is through', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    fill(near)

    const closing = near.close()

    expect(near.writeStatus).toBe('closing')
    expect(() => near.send(bytes('x'))).toThrow('closing')
    collect(far)
    await closing
    expect(near.writeStatus).toBe('closed')
  })

  it('sends everything before it closes', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let received = 0

    far.addEventListener('message', ({ data }) => { received += data.byteLength })
    near.send(new Uint8Array(3 * MIB))
    await near.close()
    await eventually(() => far.readableEnded)

    expect(received).toBe(3 * MIB)
  })

  it('returns from a second close at once, so that nobody waits twice or fails twice', async () => {
    using pair = await pluginPair()
    const { near } = pair
    const reason = new Error('no time')

    fill(near)

    const closing = near.close({ signal: AbortSignal.abort(reason) })

    await expect(near.close()).resolves.toBeUndefined()
    await expect(closing).rejects.toBe(reason)
  })

  it('aborts when more than maxWriteBufferLength waits, as the plugin has set it', async () => {
    using pair = await pluginPair()
    const { near } = pair

    near.maxWriteBufferLength = 100 * KIB
    near.send(new Uint8Array(MIB))

    expect(near.status).toBe('aborted')
    expect(near.original.port.error).toMatchObject({ name: 'StreamBufferError' })
  })

  it('aborts when a plugin that heeds no back-pressure piles up more than the bound', async () => {
    using pair = await pluginPair()
    const { near } = pair

    near.send(new Uint8Array(MAX_UNSENT_BYTES + 2 * MIB))
    expect(near.status).toBe('open')

    near.send(bytes('x'))
    expect(near.status).toBe('aborted')
  })
})
