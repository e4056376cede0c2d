import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { byteStreamPair, severable } from '../../../src/channel/index.ts'

const HELLO = new TextEncoder().encode('hello')

describe('a severable byte stream', () => {
  it('passes bytes both ways, and ends each direction by itself', async () => {
    const [outer, inner] = byteStreamPair()
    const same = severable(inner, new AbortController().signal)

    await outer.end('hello')
    expect(await same.text()).toBe('hello')
    await same.end('goodbye')

    expect(await outer.text()).toBe('goodbye')
    expect([await outer.closed, await same.closed]).toEqual([undefined, undefined])
  })

  it('passes resets on with their reasons, from either side', async () => {
    for (const side of [0, 1] as const) {
      const [outer, inner] = byteStreamPair()
      const ends = [outer, severable(inner, new AbortController().signal)] as const

      ends[side].reset({ code: 300, message: 'enough' })

      expect(await ends[1 - side]?.closed).toMatchObject({ code: 'StreamReset', reason: { code: 300, message: 'enough' } })
    }
  })

  it('makes the writer wait when nobody reads', async () => {
    const [outer, inner] = byteStreamPair()
    const same = severable(inner, new AbortController().signal)
    let written = 0
    const writing = (async () => {
      for (; written < 100; written++) {
        await outer.write(new Uint8Array(16 * 1024))
      }
    })()

    await new Promise<void>((resolve) => { setImmediate(resolve) })
    expect(written).toBeLessThan(20)

    for (let left = 100 * 16 * 1024; left > 0;) {
      left -= (await same.read())?.byteLength ?? 0
    }

    await writing
  })

  it('is reset on both sides when its signal aborts', async () => {
    const controller = new AbortController()
    const [outer, inner] = byteStreamPair()
    const same = severable(inner, controller.signal)

    await outer.write(HELLO)
    expect(await same.read()).toEqual(HELLO)
    controller.abort(new Error('withdrawn'))

    for (const end of [outer, same]) {
      expect(await end.closed).toMatchObject({ code: 'StreamReset', reason: { code: 1, message: 'withdrawn' } })
    }
  })

  it('is reset at once when its signal has aborted before', async () => {
    const [outer, inner] = byteStreamPair()
    const same = severable(inner, AbortSignal.abort(new Error('withdrawn')))

    await expect(same.read()).rejects.toMatchObject({ code: 'StreamReset' })
    expect(await outer.closed).toMatchObject({ code: 'StreamReset' })
  })

  it('is made of streams of Node too, and of nothing else', async () => {
    const node = new PassThrough()
    const same = severable(node, new AbortController().signal)

    await same.end('hello')

    expect(await same.text()).toBe('hello')
    expect(() => severable({} as PassThrough, new AbortController().signal)).toThrow('wanted a byte stream')
  })
})
