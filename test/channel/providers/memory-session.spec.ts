import { describe, expect, it } from 'vitest'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { recordLink, startRecorded } from './recorded-link.ts'

function headers (ref: number): Record<string, string> {
  return { 'libchan-ref': String(ref) }
}

describe('a provider in memory', () => {
  it('has two sides, of which the first began', () => {
    const [a, b] = memoryProviders({ name: 'jobs' })

    expect([a.isInitiator, b.isInitiator]).toEqual([true, false])
    expect([a.name, a.remoteAddress, a.framing, a.peerVersion]).toEqual(['memory', 'memory:jobs', 'records', 1])
  })

  it('keeps streams for a side that starts later, and both sides open them', async () => {
    const [a, b] = memoryProviders()

    a.open(headers(1))
    b.open(headers(2))

    const atB = startRecorded(b)

    await settle()

    expect(atB.streams.map((stream) => stream.headers['libchan-ref'])).toEqual(['1'])

    const atA = startRecorded(a)

    await settle()

    expect(atA.streams.map((stream) => stream.headers['libchan-ref'])).toEqual(['2'])
  })

  it('resets with refused what onStream throws at', async () => {
    const [a, b] = memoryProviders()

    b.start({ onStream: () => { throw new Error('not now') }, onClose: () => {} })

    const stream = recordLink(a.open(headers(1)))

    await settle()

    expect(stream.log).toEqual(['close StreamReset'])
    expect(stream.error).toMatchObject({ reason: { code: 13, message: 'not now' } })
  })

  it('lets streams wait above its limit, and as many of them', async () => {
    const [a, b] = memoryProviders({ maxOpenStreams: 2 })
    const atB = startRecorded(b)
    const links = [1, 3, 5, 7].map((ref) => recordLink(a.open(headers(ref))))

    links[2]?.link.write(Uint8Array.of(5))
    await settle()

    expect(atB.streams).toHaveLength(2)
    expect(() => a.open(headers(9))).toThrow(expect.objectContaining({ code: 'ResourceLimit' }))

    links[0]?.link.reset({ code: 0, message: '' })
    await settle()

    expect(atB.streams).toHaveLength(3)

    const third = atB.streams[2]

    expect(third?.headers).toEqual(headers(5))

    const arrived = third == null ? undefined : recordLink(third)

    arrived?.link.resume()
    await settle()

    expect(arrived?.log).toEqual(['data 5'])
  })

  it('never tells of a stream that was reset while it waited', async () => {
    const [a, b] = memoryProviders({ maxOpenStreams: 1 })
    const atB = startRecorded(b)
    const first = a.open(headers(1))

    a.open(headers(3)).reset({ code: 0, message: '' })
    first.reset({ code: 0, message: '' })
    await settle()

    expect(atB.streams).toHaveLength(1)
  })

  it('closes both sides without an error, and their streams with SessionClosed behind what had arrived', async () => {
    const [a, b] = memoryProviders()
    const atA = startRecorded(a)
    const atB = startRecorded(b)
    const ours = recordLink(a.open(headers(1)))

    ours.link.write(Uint8Array.of(1))
    await a.close()
    await settle()

    expect(ours.log).toEqual(['close SessionClosed'])
    expect([atA.log, atB.log]).toEqual([['close'], ['close']])

    const [stream] = atB.streams
    const theirs = stream == null ? undefined : recordLink(stream)

    theirs?.link.resume()
    await settle()

    expect(theirs?.log).toEqual(['data 1', 'close SessionClosed'])
    expect(() => a.open(headers(3))).toThrow(expect.objectContaining({ code: 'SessionClosed' }))
    expect(() => b.open(headers(2))).toThrow(expect.objectContaining({ code: 'SessionClosed' }))

    await a.close()
    await b.close()

    expect([atA.log, atB.log]).toEqual([['close'], ['close']])
  })

  it('ends at once by abort: with the error here, with ConnectionLost there', async () => {
    const [a, b] = memoryProviders()
    const atA = startRecorded(a)
    const atB = startRecorded(b)
    const ours = recordLink(a.open(headers(1)))

    await settle()

    const theirs = atB.streams.map(recordLink)
    const error = new Error('enough')

    a.abort(error)
    await settle()

    expect(ours.error).toBe(error)
    expect(theirs.map(({ log }) => log)).toEqual([['close ConnectionLost']])
    expect([atA.log, atB.log]).toEqual([['close enough'], ['close ConnectionLost']])
    expect(() => a.open(headers(3))).toThrow(error)
  })

  it('tells its end to a side that starts after it', async () => {
    const [a, b] = memoryProviders()

    startRecorded(a)
    await a.close()

    const atB = startRecorded(b)

    await settle()

    expect(atB.log).toEqual(['close'])
  })

  it('aborts when the signal of close has aborted', async () => {
    const [a, b] = memoryProviders()
    const atB = startRecorded(b)
    const reason = new Error('no time')

    await expect(a.close({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await settle()

    expect(atB.log).toEqual(['close ConnectionLost'])
  })
})
