import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { LinkByteStream, MAX_WAITING_WRITES } from '../../../src/channel/bytes/index.ts'
import { failure, isSettled, resetByPeer, ScriptedLink, utf8 } from './support.ts'

interface Scene {
  link: ScriptedLink
  stream: LinkByteStream
}

function scene ({ hasRoom = true } = {}): Scene {
  const link = new ScriptedLink()
  const stream = new LinkByteStream(link)

  link.hasRoom = hasRoom
  link.takeCalls()

  return { link, stream }
}

describe('writing to a byte stream', () => {
  it('hands bytes and strings to the link at once, in order', () => {
    const { link, stream } = scene()

    void stream.write(utf8('bytes'))
    void stream.write('grüße')

    expect(link.calls).toEqual(['write bytes', 'write grüße'])
  })

  it('makes no promise of its own where there is room', () => {
    const { stream } = scene()

    expect(stream.write('a')).toBe(stream.write('b'))
  })

  it('waits for room when the link has none', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const written = stream.write('a')

    expect(await isSettled(written)).toBe(false)

    link.events.onRoom()

    expect(await written).toBe(undefined)
  })

  it('hands on what is written while there is no room, and all wait for it', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const written = [stream.write('a'), stream.write('b')]

    expect(link.calls).toEqual(['write a', 'write b'])
    expect(await isSettled(Promise.race(written))).toBe(false)

    link.events.onRoom()

    expect(await Promise.all(written)).toEqual([undefined, undefined])
  })

  it('goes on as soon as the link says that there is room, by whatever', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const written = stream.write('a')

    link.hasRoom = true
    void stream.write('b')

    expect(await isSettled(written)).toBe(true)
  })

  it('refuses more than MAX_WAITING_WRITES without room, until there is room', async () => {
    const { link, stream } = scene({ hasRoom: false })

    for (let count = 0; count <= MAX_WAITING_WRITES; count++) {
      void stream.write('x')
    }

    expect(await failure(stream.write('y'))).toMatchObject({ code: 'ResourceLimit' })
    expect(link.calls).not.toContain('write y')

    link.events.onRoom()
    void stream.write('y')
    void stream.write('z')

    expect(link.calls.slice(-2)).toEqual(['write y', 'write z'])
  })

  it('passes over what is empty', async () => {
    const { link, stream } = scene({ hasRoom: false })

    await stream.write('')
    await stream.write(new Uint8Array(0))

    expect(link.calls).toEqual([])
  })

  it('is a TypeError with anything but bytes and strings', async () => {
    const { stream } = scene()
    const wrong: unknown[] = [5, null, undefined, [1], new ArrayBuffer(1), {}]
    const errors = await Promise.all(wrong.map(async (value) => failure(stream.write(value as string))))

    expect(errors.every((error) => error instanceof TypeError)).toBe(true)
    expect(String(errors[4])).toContain('received an object of class ArrayBuffer')
    expect(await failure(stream.end(5 as unknown as string))).toBeInstanceOf(TypeError)
  })

  it('fails with what ended the link, whether it waits or comes later', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const waiting = failure(stream.write('a'))
    const error = resetByPeer()

    link.events.onClose(error)

    expect(await waiting).toBe(error)
    expect(await failure(stream.write('b'))).toBe(error)
    expect(await failure(stream.closeWrite())).toBe(error)
    expect(link.calls).toEqual(['write a'])
  })

  it('fails with what ends the link within the write', async () => {
    const { link, stream } = scene()
    const error = resetByPeer()

    link.write = () => {
      link.events.onClose(error)

      return true
    }

    expect(await failure(stream.write('a'))).toBe(error)
  })
})

describe('the signal of a write', () => {
  it('ends the waiting with its reason, and leaves no listener', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const controller = new AbortController()
    const reason = new Error('enough')
    const written = failure(stream.write('sent', { signal: controller.signal }))

    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)

    controller.abort(reason)

    expect(await written).toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(link.calls).toEqual(['write sent'])
  })

  it('leaves no listener when there is room again', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const controller = new AbortController()
    const written = stream.write('sent', { signal: controller.signal })

    link.events.onRoom()
    await written

    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('that has aborted lets nothing be written and nothing end', async () => {
    const { link, stream } = scene()
    const reason = new Error('too late')
    const signal = AbortSignal.abort(reason)

    expect(await failure(stream.write('a', { signal }))).toBe(reason)
    expect(await failure(stream.end('a', { signal }))).toBe(reason)
    expect(link.calls).toEqual([])
  })
})

describe('ending our direction of a byte stream', () => {
  it('writes the last bytes and ends behind them', async () => {
    const { link, stream } = scene()

    await stream.end('bye')

    expect(link.calls).toEqual(['write bye', 'end'])
  })

  it('waits for room as a write does', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const ended = stream.end('bye')

    expect(link.calls).toEqual(['write bye', 'end'])
    expect(await isSettled(ended)).toBe(false)

    link.events.onRoom()

    expect(await isSettled(ended)).toBe(true)
  })

  it('does nothing the second time, unless there are bytes', async () => {
    const { link, stream } = scene()

    await stream.closeWrite()
    await stream.closeWrite()
    await stream.end()

    expect(link.calls).toEqual(['end'])
    expect(await failure(stream.end('more'))).toMatchObject({ code: 'StreamClosed' })
  })

  it('refuses later writes', async () => {
    const { link, stream } = scene()

    await stream.closeWrite()

    expect(await failure(stream.write('x'))).toMatchObject({ code: 'StreamClosed' })
    expect(link.calls).toEqual(['end'])
  })

  it('leaves reading alone', async () => {
    const { link, stream } = scene()

    await stream.end()
    link.data('answer')
    link.events.onEnd()
    link.events.onClose()

    expect(await stream.text()).toBe('answer')
    expect(await stream.closed).toBe(undefined)
  })

  it('fails when the link does before what was written has left', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const ended = failure(stream.end('lost'))
    const error = resetByPeer()

    link.events.onClose(error)

    expect(await ended).toBe(error)
    expect(await stream.closed).toBe(error)
  })

  it('resolves when the link has ended gracefully although it never told of room', async () => {
    const { link, stream } = scene({ hasRoom: false })
    const ended = stream.end('bye')

    link.events.onEnd()
    link.events.onClose()

    expect(await ended).toBe(undefined)
  })
})
