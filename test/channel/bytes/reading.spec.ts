import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { HIGH_WATER_BYTES, LinkByteStream, MAX_WAITING_READS } from '../../../src/channel/bytes/index.ts'
import { failure, isSettled, resetByPeer, ScriptedLink, textOf, utf8 } from './support.ts'

interface Scene {
  link: ScriptedLink
  stream: LinkByteStream
}

function scene (): Scene {
  const link = new ScriptedLink()
  const stream = new LinkByteStream(link)

  return { link, stream }
}

async function readText (stream: LinkByteStream): Promise<string | null> {
  return textOf(await stream.read())
}

describe('reading a byte stream', () => {
  it('attaches to its link and resumes it at once', () => {
    const { link } = scene()

    expect(link.calls).toEqual(['attach', 'resume'])
  })

  it('leaves the link alone until the first call when it is lazy', async () => {
    const link = new ScriptedLink()
    const stream = new LinkByteStream(link, { isLazy: true })

    expect(link.calls).toEqual([])

    void stream.write('now')

    expect(link.calls).toEqual(['attach', 'resume', 'write now'])
  })

  it('gives bytes that have come', async () => {
    const { link, stream } = scene()

    link.data('one')

    expect(await readText(stream)).toBe('one')
  })

  it('waits for bytes, and gives the very ones that came', async () => {
    const { link, stream } = scene()
    const read = stream.read()
    const bytes = utf8('later')

    expect(await isSettled(read)).toBe(false)

    link.events.onData(bytes)

    expect(await read).toBe(bytes)
  })

  it('answers reads in the order of the calls', async () => {
    const { link, stream } = scene()
    const reads = [readText(stream), readText(stream), readText(stream)]

    link.data('a')
    link.data('b')
    link.events.onEnd()

    expect(await Promise.all(reads)).toEqual(['a', 'b', null])
  })

  it('gives null at the end, behind the bytes, as often as it is asked', async () => {
    const { link, stream } = scene()

    link.data('last')
    link.events.onEnd()

    expect([await readText(stream), await readText(stream), await readText(stream)]).toEqual(['last', null, null])
  })

  it('gives no empty chunks', async () => {
    const { link, stream } = scene()
    const read = stream.read()

    link.data('')
    link.data('x')

    expect(textOf(await read)).toBe('x')
  })

  it('gives the bytes before an error, then the error, every time', async () => {
    const { link, stream } = scene()
    const error = resetByPeer()

    link.data('before')
    link.events.onClose(error)

    expect(await readText(stream)).toBe('before')
    expect(await failure(stream.read())).toBe(error)
    expect(await failure(stream.read())).toBe(error)
  })

  it('fails the reads that wait with the error', async () => {
    const { link, stream } = scene()
    const reads = [failure(stream.read()), failure(stream.read())]
    const error = resetByPeer()

    link.events.onClose(error)

    expect(await Promise.all(reads)).toEqual([error, error])
  })

  it('stays ended when the link fails after the end', async () => {
    const { link, stream } = scene()

    link.events.onEnd()
    link.events.onClose(resetByPeer())

    expect(await stream.read()).toBe(null)
  })

  it('takes a graceful close of the link for an end', async () => {
    const { link, stream } = scene()
    const read = stream.read()

    void stream.end()
    link.events.onClose()

    expect(await read).toBe(null)
    expect(await stream.closed).toBe(undefined)
  })

  it('refuses more reads that wait than MAX_WAITING_READS', async () => {
    const { link, stream } = scene()
    const reads = Array.from({ length: MAX_WAITING_READS }, () => stream.read())

    expect(await failure(stream.read())).toMatchObject({ code: 'ResourceLimit' })

    link.events.onEnd()

    expect(new Set(await Promise.all(reads))).toEqual(new Set([null]))
  })
})

describe('the reading queue of a byte stream', () => {
  it('pauses the link at 64 KiB of unread bytes', () => {
    const { link } = scene()

    link.events.onData(new Uint8Array(HIGH_WATER_BYTES - 1))
    expect(link.isPaused).toBe(false)

    link.data('x')
    expect(link.isPaused).toBe(true)
    expect(HIGH_WATER_BYTES).toBe(65_536)
  })

  it('resumes the link when reads have brought it down to half', async () => {
    const { link, stream } = scene()

    for (let chunk = 0; chunk < 4; chunk++) {
      link.events.onData(new Uint8Array(HIGH_WATER_BYTES / 4))
    }

    await stream.read()
    expect(link.isPaused).toBe(true)

    await stream.read()
    expect(link.isPaused).toBe(false)
  })

  it('takes all that the link has kept back when that fails, and then tells the error', async () => {
    const { link, stream } = scene()
    const error = resetByPeer()

    link.events.onData(new Uint8Array(HIGH_WATER_BYTES))
    link.resume = () => {
      link.isPaused = false
      link.events.onData(new Uint8Array(HIGH_WATER_BYTES))
      link.data('rest')
    }
    link.events.onClose(error)

    expect([(await stream.read())?.byteLength, (await stream.read())?.byteLength]).toEqual([65_536, 65_536])
    expect(await readText(stream)).toBe('rest')
    expect(await failure(stream.read())).toBe(error)
    expect(link.isPaused).toBe(false)
  })
})

describe('the signal of a read', () => {
  it('rejects the read with its reason, and nothing is taken', async () => {
    const { link, stream } = scene()
    const controller = new AbortController()
    const reason = new Error('enough')
    const read = failure(stream.read({ signal: controller.signal }))

    controller.abort(reason)
    link.data('kept')

    expect(await read).toBe(reason)
    expect(await readText(stream)).toBe('kept')
  })

  it('that has aborted rejects although there are bytes', async () => {
    const { link, stream } = scene()
    const reason = new Error('too late')

    link.data('kept')

    expect(await failure(stream.read({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await readText(stream)).toBe('kept')
  })

  it('concerns no other read', async () => {
    const { link, stream } = scene()
    const controller = new AbortController()
    const first = failure(stream.read({ signal: controller.signal }))
    const second = readText(stream)

    controller.abort()
    await first
    link.data('mine')

    expect(await second).toBe('mine')
  })

  it.each(['bytes', 'end', 'error', 'abort'])('has no listener left after %s', async (how) => {
    const { link, stream } = scene()
    const controller = new AbortController()
    const read = stream.read({ signal: controller.signal }).catch(() => null)

    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)

    const endings: Record<string, () => void> = {
      bytes: () => { link.data('x') },
      end: () => { link.events.onEnd() },
      error: () => { link.events.onClose(resetByPeer()) },
      abort: () => { controller.abort() }
    }

    endings[how]?.()
    await read

    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})
