import { describe, expect, it } from 'vitest'
import { countBytes } from '../../src/backends/count-bytes.ts'
import { byteStreamPair } from '../../src/channel/index.ts'
import { bytesOf } from './stage.ts'

describe('countBytes', () => {
  it('counts both ways, and ends each direction by itself', async () => {
    const [near, far] = byteStreamPair()
    const { stream, counted } = countBytes(far)

    await stream.end('answer')
    expect(await near.text()).toBe('answer')
    await near.end('question')
    expect(await stream.text()).toBe('question')

    expect(await counted).toEqual({ bytes: 8, back: 6, error: undefined })
    expect(await stream.closed).toBeUndefined()
    expect(await near.closed).toBeUndefined()
  })

  it('is done when the bytes are, though whoever reads them does not end the other direction', async () => {
    const { stream, counted } = countBytes(bytesOf('abc'))

    expect(await stream.text()).toBe('abc')

    expect(await counted).toEqual({ bytes: 3, back: 0, error: undefined })
  })

  it('gives nothing to write to in place of something to read', async () => {
    const [near, far] = byteStreamPair()

    await far.closeWrite()
    const { stream } = countBytes(far)

    await expect(stream.write('x')).rejects.toMatchObject({ code: 'StreamClosed' })
    await near.end()
    expect(await stream.read()).toBeNull()
    expect(await stream.closed).toBeUndefined()
  })

  it('passes a reset on, from either side', async () => {
    for (const side of [0, 1]) {
      const [near, far] = byteStreamPair()
      const { stream, counted } = countBytes(far)
      const [resetting, hearing] = side === 0 ? [near, stream] : [stream, near]

      resetting.reset({ code: 300, message: 'enough' })

      await expect(hearing.read()).rejects.toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'enough' } })
      expect(await counted).toMatchObject({ bytes: 0, back: 0, error: { code: 'StreamReset' } })
    }
  })

  it('tells who writes that nobody reads any more, while nothing is written', async () => {
    const [near, far] = byteStreamPair()
    const { stream } = countBytes(far)

    await stream.closeWrite()
    stream.closeRead()

    expect(await near.closed).toMatchObject({ code: 'StreamReset', reason: { code: 3 } })
  })

  it('waits for the reader, with few bytes kept', async () => {
    const [near, far] = byteStreamPair()
    const { stream } = countBytes(far)
    const chunk = new Uint8Array(64 * 1024)
    let written = 0
    const writing = (async () => {
      for (;;) {
        await near.write(chunk)
        written += chunk.byteLength
      }
    })()

    writing.catch(() => {})
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    const before = written

    await new Promise<void>((resolve) => { setImmediate(resolve) })
    expect(written).toBe(before)
    expect(written).toBeLessThan(1024 * 1024)
    stream.reset()
  })

  it('ends both at once when it is told to', async () => {
    const { stream, counted, abort } = countBytes(bytesOf('never ends'))

    abort(new Error('stopped'))

    await expect(stream.text()).rejects.toMatchObject({ code: 'StreamReset' })
    expect(await counted).toMatchObject({ error: { message: 'stopped' } })
  })
})
