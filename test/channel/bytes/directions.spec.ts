import { describe, expect, it } from 'vitest'
import { byteStreamPair, LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { CANCELLED, failure, microtasks, readAll, readSome, resetByPeer, ScriptedLink, textOf, utf8 } from './support.ts'
import type { LinkByteStreamInit } from '../../../src/channel/bytes/index.ts'

interface Scene {
  link: ScriptedLink
  stream: LinkByteStream
}

function scene (init: LinkByteStreamInit = {}): Scene {
  const link = new ScriptedLink()
  const stream = new LinkByteStream(link, init)

  return { link, stream }
}

describe('iterating over a byte stream', () => {
  it('gives all bytes and ends with the end', async () => {
    const [near, far] = byteStreamPair()
    const got: string[] = []

    void near.write('one')
    void near.end('two')

    for await (const bytes of far) {
      got.push(textOf(bytes) ?? '')
    }

    expect(got.join('')).toBe('onetwo')
  })

  it('throws the error', async () => {
    const [near, far] = byteStreamPair()

    near.reset('broken')

    expect(await failure(readAll(far))).toMatchObject({ code: 'StreamReset' })
  })

  it('stops reading when it is left early, and tells the other side if we do not write', async () => {
    const [near, far] = byteStreamPair()

    void near.write('first')
    await far.end()

    expect(await readSome(far, 1)).toEqual([utf8('first')])
    expect(await near.closed).toMatchObject({ code: 'StreamReset', reason: CANCELLED })
    expect(await far.closed).toBe(undefined)
    expect(await failure(far.read())).toMatchObject({ code: 'StreamClosed' })
  })

  it('left early lets us go on writing', async () => {
    const [near, far] = byteStreamPair()

    void near.write('first')

    expect(await readSome(far, 1)).toHaveLength(1)
    await far.end('answer')

    expect(await near.text()).toBe('answer')
  })
})

describe('a byte stream of one direction', () => {
  // spec-channel 10.2
  it('`readable` ends its own direction at once, and refuses writes', async () => {
    const { link, stream } = scene({ direction: 'readable' })

    expect(link.calls).toEqual(['attach', 'end', 'resume'])
    expect(await failure(stream.write('x'))).toMatchObject({ code: 'StreamClosed' })
    expect(await stream.closeWrite()).toBe(undefined)

    link.data('only this')
    expect(textOf(await stream.read())).toBe('only this')
  })

  it('`readable` that is read no longer resets with `cancelled`', async () => {
    const { link, stream } = scene({ direction: 'readable' })

    stream.closeRead()
    await microtasks()

    expect(link.resetReason).toEqual(CANCELLED)
  })

  it('`writable` reads an end at once, and throws away what comes', async () => {
    const { link, stream } = scene({ direction: 'writable' })

    link.data('unwanted')

    expect(await stream.read()).toBe(null)
    expect(await stream.bytes()).toEqual(new Uint8Array(0))
    expect(link.isPaused).toBe(false)

    await stream.end('all')
    link.events.onEnd()
    link.events.onClose()
    expect(await stream.closed).toBe(undefined)
  })

  it('`writable` fails its writes as any', async () => {
    const { link, stream } = scene({ direction: 'writable' })
    const error = resetByPeer()

    link.events.onClose(error)

    expect(await failure(stream.write('x'))).toBe(error)
    expect(await stream.read()).toBe(null)
    expect(await stream.closed).toBe(error)
  })

  it('is what a stream has become when one direction has ended here', async () => {
    const { stream: readable } = scene()
    const { stream: writable } = scene()

    await readable.end()
    writable.closeRead()

    expect([readable.direction, writable.direction, scene().stream.direction]).toEqual(['readable', 'writable', 'duplex'])
  })
})
