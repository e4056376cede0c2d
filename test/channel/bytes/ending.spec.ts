import { describe, expect, it } from 'vitest'
import { byteStreamPair, LinkByteStream, MAX_DISCARDED_BYTES } from '../../../src/channel/bytes/index.ts'
import { CANCELLED, failure, fill, isSettled, microtasks, resetByPeer, ScriptedLink, textOf, thrownBy } from './support.ts'

interface Scene {
  link: ScriptedLink
  stream: LinkByteStream
}

function scene (): Scene {
  const link = new ScriptedLink()
  const stream = new LinkByteStream(link)

  return { link, stream }
}

describe('closeRead', () => {
  it('refuses reads, those that wait and those to come', async () => {
    const { stream } = scene()
    const waiting = failure(stream.read())

    stream.closeRead()

    expect(await waiting).toMatchObject({ code: 'StreamClosed' })
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
  })

  it('throws away what is unread and what comes, while our direction goes on', async () => {
    const { link, stream } = scene()

    link.events.onData(new Uint8Array(100_000))
    expect(link.isPaused).toBe(true)

    stream.closeRead()
    expect(link.isPaused).toBe(false)

    for (let count = 0; count < 10; count++) {
      link.events.onData(new Uint8Array(MAX_DISCARDED_BYTES))
    }

    await stream.write('still here')
    await microtasks()

    expect(link.isPaused).toBe(false)
    expect(link.calls.at(-1)).toBe('write still here')
  })

  // spec-channel 10.3
  it('tells the other side to stop, with the reason, when our direction has ended', async () => {
    const { link, stream } = scene()

    await stream.end('request')
    stream.closeRead({ code: 300, message: 'seen enough' })
    await microtasks()

    expect(link.resetReason).toEqual({ code: 300, message: 'seen enough' })
    expect(await stream.closed).toBe(undefined)
  })

  it('says `cancelled` when no reason is given', async () => {
    const { link, stream } = scene()

    await stream.end()
    stream.closeRead()
    await microtasks()

    expect(link.resetReason).toEqual(CANCELLED)
  })

  it('tells it behind what was written', async () => {
    const { link, stream } = scene()

    link.hasRoom = false
    void stream.end('much')
    stream.closeRead()
    await microtasks()
    expect(link.resetReason).toBe(undefined)

    link.events.onRoom()
    await microtasks()
    expect(link.resetReason).toEqual(CANCELLED)
  })

  it('tells it a turn later, for links that send the end with the turn after it', async () => {
    const { link, stream } = scene()

    void stream.end()
    stream.closeRead()
    expect(link.resetReason).toBe(undefined)

    await Promise.resolve()
    expect(link.resetReason).toEqual(CANCELLED)
  })

  it('has nobody to tell when the other side has ended', async () => {
    const { link, stream } = scene()

    await stream.end()
    link.events.onEnd()
    stream.closeRead()
    await microtasks()

    expect(link.resetReason).toBe(undefined)
  })

  it('does nothing the second time', async () => {
    const { link, stream } = scene()

    stream.closeRead()
    await stream.end()
    stream.closeRead()
    await microtasks()

    expect(link.resetReason).toBe(undefined)
  })

  it('gives up on a side that goes on writing after both of our directions have ended', async () => {
    const { link, stream } = scene()

    stream.closeRead()
    await stream.end()
    link.events.onData(new Uint8Array(MAX_DISCARDED_BYTES))
    await microtasks()
    expect(link.resetReason).toBe(undefined)

    link.data('x')
    await microtasks()
    expect(link.resetReason).toEqual(CANCELLED)
  })

  it('is a RangeError with a code that is none, and then changes nothing', async () => {
    const { link, stream } = scene()

    expect(thrownBy(() => { stream.closeRead({ code: -1 }) })).toBeInstanceOf(RangeError)

    link.data('x')
    expect(textOf(await stream.read())).toBe('x')
  })

  it('tells a loss of the connection although the other side was about to be told to stop', async () => {
    const { link, stream } = scene()
    const error = resetByPeer()

    link.hasRoom = false
    void stream.end('much').catch(() => {})
    stream.closeRead()
    link.events.onClose(error)

    expect(await stream.closed).toBe(error)
  })
})

describe('close', () => {
  it('ends our direction behind what was written, and throws away what comes', async () => {
    const { link, stream } = scene()

    link.data('unread')
    void stream.write('last')
    await stream.close()

    expect(link.takeCalls()).toEqual(['attach', 'resume', 'write last', 'end'])
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
    expect(await failure(stream.write('x'))).toMatchObject({ code: 'StreamClosed' })
  })

  it('waits until the link has room again, not for the other side', async () => {
    const { link, stream } = scene()

    link.hasRoom = false
    void stream.write('last')
    const closing = stream.close()
    expect(await isSettled(closing)).toBe(false)

    link.events.onRoom()
    expect(await isSettled(closing)).toBe(true)
    expect(await isSettled(stream.closed)).toBe(false)

    link.events.onEnd()
    link.events.onClose()
    expect(await stream.closed).toBe(undefined)
  })

  it('fails with what ends the stream meanwhile', async () => {
    const { link, stream } = scene()
    const error = resetByPeer()

    link.hasRoom = false
    void stream.write('lost').catch(() => {})
    const closing = failure(stream.close())
    link.events.onClose(error)

    expect(await closing).toBe(error)
  })

  it('does nothing when the stream has ended, by whatever', async () => {
    const { link, stream } = scene()

    link.events.onClose(resetByPeer())

    expect(await stream.close()).toBe(undefined)
    expect(await stream.close()).toBe(undefined)
    expect(link.calls).toEqual(['attach', 'resume'])
  })

  it('closes all the same when its signal aborts, and ends the waiting with its reason', async () => {
    const { link, stream } = scene()
    const reason = new Error('no time')

    link.hasRoom = false
    void stream.write('last')

    expect(await failure(stream.close({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(link.calls.at(-1)).toBe('end')
  })

  it('is what leaving the scope of `await using` does', async () => {
    const { link, stream } = scene()

    {
      await using held = stream

      await held.write('within')
    }

    expect(link.calls.slice(-2)).toEqual(['write within', 'end'])
  })

  it('lets the other side read everything, and then the end', async () => {
    const [near, far] = byteStreamPair()

    await near.write('all of it')
    await near.close()

    expect(await far.text()).toBe('all of it')
    await far.close()
    expect([await near.closed, await far.closed]).toEqual([undefined, undefined])
  })
})

describe('reset', () => {
  it('ends both directions at once, with the reason on both sides', async () => {
    const [near, far] = byteStreamPair()
    const nearRead = failure(near.read())
    const farRead = failure(far.read())

    near.reset({ code: 300, message: 'quota used up' })

    const reason = { code: 300, message: 'quota used up' }

    expect(await nearRead).toMatchObject({ code: 'StreamAborted', reason })
    expect(await farRead).toMatchObject({ code: 'StreamReset', reason, message: expect.stringContaining('code 300: quota used up') as string })
    expect(await failure(far.write('x'))).toMatchObject({ code: 'StreamReset', reason })
    expect(await near.closed).toMatchObject({ code: 'StreamAborted', reason })
    expect(await far.closed).toMatchObject({ code: 'StreamReset', reason })
  })

  it('refuses later calls as StreamClosed, with the abort as their cause', async () => {
    const { stream } = scene()

    stream.reset('no more')

    const later = { code: 'StreamClosed', cause: { code: 'StreamAborted' }, message: expect.stringContaining('no more') as string }

    expect(await failure(stream.read())).toMatchObject(later)
    expect(await failure(stream.write('x'))).toMatchObject(later)
    expect(await failure(stream.end())).toMatchObject(later)
  })

  it('fails writes that wait', async () => {
    const [near] = byteStreamPair()

    await fill(near)
    const waiting = failure(near.write('x'))
    near.reset()

    expect(await waiting).toMatchObject({ code: 'StreamAborted', reason: { code: 0, message: '' } })
  })

  it('takes an error for `failed` with its message', () => {
    const { link, stream } = scene()

    stream.reset(new Error('disk full'))

    expect(link.resetReason).toEqual({ code: 1, message: 'disk full' })
  })

  it('lets the other side read what was written before', async () => {
    const [near, far] = byteStreamPair()

    await near.write(new Uint8Array(100_000).fill(7))
    near.reset('after all')

    expect((await far.read())?.byteLength).toBe(100_000)
    expect(await failure(far.read())).toMatchObject({ code: 'StreamReset' })
  })

  it('does nothing the second time, nor to what has ended gracefully', async () => {
    const { link, stream } = scene()

    await stream.end()
    link.events.onEnd()
    link.events.onClose()
    stream.reset()
    stream.reset()

    expect(link.calls).not.toContain('reset')
    expect(await stream.closed).toBe(undefined)
    expect(await failure(stream.read())).toMatchObject({ code: 'StreamClosed' })
  })
})
