import { describe, expect, it } from 'vitest'
import { LinkByteStream } from '../../../src/channel/bytes/index.ts'
import { END, PumpLink } from '../../../src/channel/bytes/pump-link.ts'
import { failure, isSettled, microtasks, textOf, utf8 } from './support.ts'
import type { Pump } from '../../../src/channel/bytes/pump-link.ts'
import type { LinkEvents } from '../../../src/channel/contract/index.ts'

interface Scene {
  link: PumpLink
  /** What the link told, and what was asked of what it pumps. */
  told: string[]
  /** Answers the read that waits. */
  give (chunk: unknown): void
  /** Fails it. */
  refuse (error: Error): void
  fail (error: Error): void
  /** Answers the write, or the close, that waits. */
  take (error?: Error): void
}

function scene (): Scene {
  const told: string[] = []
  let reading = Promise.withResolvers<unknown>()
  let writing = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<{ error: unknown }>()

  const ask = async (what: string): Promise<void> => {
    told.push(what)
    writing = Promise.withResolvers()
    await writing.promise
  }

  const pump: Pump = {
    source: {
      async read () {
        told.push('read')
        reading = Promise.withResolvers()

        return reading.promise
      },
      cancel (error) { told.push(`cancel ${error.name}`) },
      finish () { told.push('finish') }
    },
    sink: {
      write: async (bytes) => ask(`write ${textOf(bytes)}`),
      close: async () => ask('close'),
      abort (error) { told.push(`abort ${error.name}`) }
    },
    failed: failed.promise
  }

  const link = new PumpLink('the pump', () => {
    told.push('open')

    return pump
  })

  const events: LinkEvents = {
    onData: (bytes) => { told.push(`DATA ${textOf(bytes)}`) },
    onEnd: () => { told.push('END') },
    onRoom: () => { told.push('ROOM') },
    onClose: (error) => { told.push(`CLOSED ${error?.name ?? ''}`) }
  }

  link.attach(events)

  return {
    link,
    told,
    give: (chunk) => { reading.resolve(chunk) },
    refuse: (error) => { reading.reject(error) },
    fail: (error) => { failed.resolve({ error }) },
    take: (error) => { error == null ? writing.resolve() : writing.reject(error) }
  }
}

function taken (told: string[]): string[] {
  return told.splice(0)
}

describe('a link over promises', () => {
  it('opens nothing before it is used', () => {
    const { link, told } = scene()

    link.pause()
    expect(told).toEqual([])

    link.resume()
    expect(told).toEqual(['open', 'read'])
  })

  it('reads one chunk after the other', async () => {
    const { link, told, give } = scene()

    link.resume()
    give(utf8('a'))
    await microtasks()
    give('b')
    await microtasks()
    give(END)
    await microtasks()

    expect(told).toEqual(['open', 'read', 'DATA a', 'read', 'DATA b', 'read', 'finish', 'END'])
  })

  it('keeps what comes while it is paused, and delivers it at once when resumed', async () => {
    const { link, told, give } = scene()

    link.resume()
    link.pause()
    give('held')
    await microtasks()
    expect(taken(told)).toEqual(['open', 'read'])

    link.resume()
    expect(told).toEqual(['DATA held', 'read'])
  })

  it('keeps an end that comes while it is paused', async () => {
    const { link, told, give } = scene()

    link.resume()
    link.pause()
    give(END)
    await microtasks()
    expect(taken(told)).toEqual(['open', 'read', 'finish'])

    link.resume()
    link.resume()
    expect(told).toEqual(['END'])
  })

  it('delivers what it kept after it has failed', async () => {
    const { link, told, give, fail } = scene()

    link.resume()
    link.pause()
    give('held')
    await microtasks()
    fail(new Error('broken'))
    await microtasks()
    expect(taken(told).slice(2)).toEqual(['cancel StreamResetError', 'abort StreamResetError', 'CLOSED StreamResetError'])

    link.resume()
    expect(told).toEqual(['DATA held'])
  })

  it('drops what it kept when it is reset', async () => {
    const { link, told, give } = scene()

    link.resume()
    link.pause()
    give('held')
    await microtasks()
    link.reset({ code: 0, message: '' })
    link.resume()
    link.reset({ code: 0, message: '' })

    expect(taken(told).slice(2)).toEqual(['cancel StreamResetError', 'abort StreamResetError', 'CLOSED StreamAbortedError'])
  })

  it('passes over a chunk that comes after a reset', async () => {
    const { link, told, give } = scene()

    link.resume()
    link.reset({ code: 0, message: '' })
    taken(told)
    give('late')
    await microtasks()

    expect(told).toEqual([])
  })

  it('writes one call after the other, and ends behind the last', async () => {
    const { link, told, take } = scene()

    expect([link.write(utf8('a')), link.write(utf8('b'))]).toEqual([true, true])
    link.end()
    link.end()
    expect(link.write(utf8('late'))).toBe(true)
    expect(taken(told)).toEqual(['open', 'write a'])

    take()
    await microtasks()
    take()
    await microtasks()
    expect(taken(told)).toEqual(['write b', 'close'])
  })

  it('closes when both directions have ended', async () => {
    const { link, told, give, take } = scene()

    link.resume()
    link.end()
    take()
    give(END)
    await microtasks()

    expect(told).toEqual(['open', 'read', 'close', 'finish', 'END', 'CLOSED '])
  })

  it('says when to wait, and tells of room once half has gone', async () => {
    const { link, told, take } = scene()
    const half = new Uint8Array(32 * 1024)

    expect([link.write(half), link.write(half), link.write(half)]).toEqual([true, false, false])
    taken(told)

    take()
    await microtasks()
    expect(told).not.toContain('ROOM')

    take()
    await microtasks()
    expect(told).toContain('ROOM')
  })

  it('fails when a write does, and drops the rest', async () => {
    const { link, told, take } = scene()

    link.write(utf8('a'))
    link.write(utf8('b'))
    take(new Error('full'))
    await microtasks()

    expect(told).toEqual(['open', 'write a', 'cancel StreamResetError', 'abort StreamResetError', 'CLOSED StreamResetError'])
  })

  it('fails when a read does, and has nothing to cancel then', async () => {
    const { link, told, refuse } = scene()

    link.resume()
    refuse(new Error('torn'))
    await microtasks()

    expect(told).toEqual(['open', 'read', 'abort StreamResetError', 'CLOSED StreamResetError'])
  })

  it('does not abort a sink that has been closed, nor cancel a source that has ended', async () => {
    const { link, told, give, take } = scene()

    link.end()
    take()
    await microtasks()
    link.reset({ code: 0, message: '' })
    expect(taken(told)).toEqual(['open', 'close', 'cancel StreamResetError', 'CLOSED StreamAbortedError'])

    const other = scene()

    other.link.resume()
    other.give(END)
    give(END)
    await microtasks()
    other.link.reset({ code: 0, message: '' })
    expect(other.told.slice(2)).toEqual(['finish', 'END', 'abort StreamResetError', 'CLOSED StreamAbortedError'])
  })

  it('fails, and does not end, when it cannot be opened', async () => {
    const stream = new LinkByteStream(new PumpLink('the pump', () => { throw new Error('stuck') }))

    expect(await failure(stream.read())).toMatchObject({ code: 'StreamReset', message: 'the pump failed: stuck' })
    expect(await isSettled(stream.closed)).toBe(true)
  })
})
