import { describe, expect, it } from 'vitest'
import { memoryProviders } from '../../../src/channel/providers/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { recordLink, startRecorded } from './recorded-link.ts'
import type { RecordedLink } from './recorded-link.ts'
import type { MemoryInit } from '../../../src/channel/providers/index.ts'

const REASON = { code: 300, message: 'quota used up' }

interface Joined {
  ours: RecordedLink
  theirs: RecordedLink
}

/** A stream that one side opened, and both ends of it. */
async function joined (init?: MemoryInit): Promise<Joined> {
  const [a, b] = memoryProviders(init)

  startRecorded(a)
  const arrived = startRecorded(b).streams
  const ours = recordLink(a.open({ 'libchan-ref': '1' }))

  await settle()

  const stream = arrived[0]

  if (stream == null) {
    throw new Error('no stream arrived')
  }

  return { ours, theirs: recordLink(stream) }
}

describe('a stream in memory', () => {
  it('arrives with its headers', async () => {
    const { theirs } = await joined()

    expect(theirs.link.headers).toEqual({ 'libchan-ref': '1' })
  })

  it('delivers nothing before it is resumed, and nothing inside the call that writes', async () => {
    const { ours, theirs } = await joined()

    ours.link.write(Uint8Array.of(1, 2))
    await settle()

    expect(theirs.log).toEqual([])

    theirs.link.resume()

    expect(theirs.log).toEqual([])

    await settle()

    expect(theirs.log).toEqual(['data 1,2'])
  })

  it('ends its two directions apart, and closes once when both have ended', async () => {
    const { ours, theirs } = await joined()

    ours.link.resume()
    theirs.link.resume()
    ours.link.write(Uint8Array.of(1))
    ours.link.end()
    ours.link.end()
    await settle()

    expect(theirs.log).toEqual(['data 1', 'end'])

    theirs.link.write(Uint8Array.of(2))
    theirs.link.end()
    await settle()

    expect(ours.log).toEqual(['data 2', 'end', 'close'])
    expect(theirs.log).toEqual(['data 1', 'end', 'close'])
  })

  it('takes what is written after the end to nowhere', async () => {
    const { ours, theirs } = await joined()

    theirs.link.resume()
    ours.link.end()

    expect(ours.link.write(Uint8Array.of(1))).toBe(true)

    await settle()

    expect(theirs.log).toEqual(['end'])
  })

  it('says when the buffer is full, and when there is room again', async () => {
    const { ours, theirs } = await joined({ bufferBytes: 10 })

    expect(ours.link.write(new Uint8Array(10))).toBe(true)
    expect(ours.link.write(new Uint8Array(1))).toBe(false)

    await settle()

    expect(ours.log).toEqual([])

    theirs.link.resume()
    await settle()

    expect(ours.log).toEqual(['room'])
    expect(theirs.log).toHaveLength(2)
  })

  it('stops delivering in the middle when it is paused', async () => {
    const { ours, theirs } = await joined()

    theirs.onData = () => { theirs.link.pause() }
    theirs.link.resume()
    ours.link.write(Uint8Array.of(1))
    ours.link.write(Uint8Array.of(2))
    ours.link.end()
    await settle()

    expect(theirs.log).toEqual(['data 1'])

    theirs.onData = undefined
    theirs.link.resume()
    await settle()

    expect(theirs.log).toEqual(['data 1', 'data 2', 'end'])
  })

  it('keeps the order of many chunks that lie around', async () => {
    const { ours, theirs } = await joined()

    for (let number = 0; number < 200; number++) {
      ours.link.write(Uint8Array.of(number))
    }

    let left = 70

    theirs.onData = () => { left-- === 0 && theirs.link.pause() }
    theirs.link.resume()
    await settle()
    ours.link.write(Uint8Array.of(200))
    theirs.link.resume()
    await settle()

    expect(theirs.log).toEqual(Array.from({ length: 201 }, (_, number) => `data ${number}`))
  })

  it('is reset with a reason, behind what had arrived', async () => {
    const { ours, theirs } = await joined()

    ours.link.write(Uint8Array.of(1))
    ours.link.reset(REASON)
    await settle()

    expect(ours.log).toEqual(['close StreamAborted'])
    expect(theirs.log).toEqual([])

    theirs.link.resume()
    await settle()

    expect(theirs.log).toEqual(['data 1', 'close StreamReset'])
    expect(theirs.error).toMatchObject({ reason: REASON })
  })

  it('tells of a reset in spite of a pause when nothing had arrived', async () => {
    const { ours, theirs } = await joined()

    ours.link.reset(REASON)
    await settle()

    expect(theirs.log).toEqual(['close StreamReset'])
  })

  it('tells an end that came before a reset in front of it', async () => {
    const { ours, theirs } = await joined()

    ours.link.end()
    ours.link.reset(REASON)
    theirs.link.resume()
    await settle()

    expect(theirs.log).toEqual(['end', 'close StreamReset'])
  })

  it('delivers nothing more after a reset of our own', async () => {
    const { ours, theirs } = await joined()

    ours.link.write(Uint8Array.of(1))
    theirs.link.reset(REASON)
    theirs.link.resume()
    await settle()

    expect(theirs.log).toEqual(['close StreamAborted'])

    theirs.link.reset(REASON)
    await settle()

    expect(theirs.log).toEqual(['close StreamAborted'])
  })

  it('drops what had arrived when we reset what the other side has reset', async () => {
    const { ours, theirs } = await joined()

    ours.link.write(Uint8Array.of(1))
    ours.link.reset(REASON)
    theirs.link.reset(REASON)
    await settle()

    expect(theirs.log).toEqual(['close StreamReset'])
  })

  it('is handed over by attaching again', async () => {
    const { ours, theirs } = await joined()

    theirs.link.resume()
    ours.link.write(Uint8Array.of(1))
    await settle()
    theirs.link.pause()
    ours.link.write(Uint8Array.of(2))

    const second = recordLink(theirs.link)

    second.link.resume()
    await settle()

    expect(theirs.log).toEqual(['data 1'])
    expect(second.log).toEqual(['data 2'])
  })

  it('ends with a reason behind what was written, where messages are values', async () => {
    const { ours, theirs } = await joined({ framing: 'values' })

    theirs.link.resume()
    ours.link.write(Uint8Array.of(1))
    ours.link.endWith?.(REASON)
    await settle()

    expect(theirs.log).toEqual(['data 1', 'close StreamReset'])
  })
})
