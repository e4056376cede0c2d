import { byteStream, echo, lpStream, pbStream, pipe } from '@libp2p/utils'
import { describe, expect, it } from 'vitest'
import { SharedTimeout, systemClock } from '../../../src/base/index.ts'
import { answerProposals, confirming, greeting } from '../../../src/swarm/stream/index.ts'
import { eventually, turns } from '../../support/settle.ts'
import { bytes, collect, pluginPair, readAll } from './fixtures.ts'
import type { PluginStream } from '../../../src/swarm/plugins/index.ts'

const MIB = 1024 * 1024
const NEGOTIATION = { clock: systemClock, timeoutMs: 5_000 }

/** A codec as protons generates them, for one field of bytes that fills the message. */
const TEXT = {
  encode: (text: string) => bytes(text),
  decode: (data: { subarray (): Uint8Array }) => new TextDecoder().decode(data.subarray())
}

function text (message: { subarray (): Uint8Array } | null): string | null {
  return message == null ? null : new TextDecoder().decode(message.subarray())
}

function openLazily (stream: PluginStream, protocol: string): void {
  stream.original.port.openLazily(greeting(protocol), {
    negotiation: confirming(protocol),
    timeout: new SharedTimeout(systemClock, 5_000),
    wanted: `the peer to take ${protocol}`
  })
}

async function answer (stream: PluginStream, protocol: string): Promise<void> {
  await answerProposals(stream.original.port, { has: (name) => name === protocol, list: () => [protocol] }, NEGOTIATION)
}

describe('PluginStream under @libp2p/utils', () => {
  it('is read by a byteStream that was made before, while and after the bytes came', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const reader = byteStream(far)
    const first = reader.read({ bytes: 3 })

    near.send(bytes('one two'))
    expect(text(await first)).toBe('one')
    expect(text(await reader.read({ bytes: 4 }))).toBe(' two')

    await near.close()
    expect(await reader.read()).toBeNull()
    expect(await byteStream(far).read()).toBeNull()
  })

  it('gives the surplus of an unwrapped byteStream to the next reader, also when the peer has ended', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const reader = byteStream(far)

    near.send(bytes('header and payload'))
    await near.close()
    await eventually(() => far.remoteWriteStatus === 'closed')

    expect(text(await reader.read({ bytes: 6 }))).toBe('header')
    expect(await readAll(reader.unwrap())).toBe(' and payload')
  })

  it('carries length-prefixed messages and their leftovers', async () => {
    using pair = await pluginPair()
    const near = lpStream(pair.near)
    const far = lpStream(pair.far)

    await near.writeV([bytes('one'), bytes('two')])
    await near.unwrap().close()

    expect(text(await far.read())).toBe('one')

    const rest = lpStream(far.unwrap())

    expect(text(await rest.read())).toBe('two')
    await expect(rest.read()).rejects.toThrow()
  })

  it('carries protobufs both ways, and fails a read when the peer resets', async () => {
    using pair = await pluginPair()
    const near = pbStream(pair.near)
    const far = pbStream(pair.far)

    await near.write('question', TEXT)
    expect(await far.read(TEXT)).toBe('question')
    await far.write('answer', TEXT)
    expect(await near.read(TEXT)).toBe('answer')

    const reading = near.read(TEXT)

    pair.far.abort(new Error('no more'))
    await expect(reading).rejects.toMatchObject({ name: 'StreamResetError' })
  })

  it('is piped, with the end, through what transforms it', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const answer = readAll(near)
    const piping = pipe(far, async function * (source: AsyncIterable<{ subarray (): Uint8Array }>) {
      for await (const message of source) {
        yield bytes(text(message)?.toUpperCase() ?? '')
      }
    }, far)

    near.send(bytes('quiet'))
    await near.close()
    await piping

    expect(await answer).toBe('QUIET')
  })

  it('is piped although the peer ended before that began', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    near.send(bytes('early'))
    await near.close()
    await eventually(() => far.remoteWriteStatus === 'closed')
    await pipe(far, far)

    expect(await readAll(near)).toBe('early')
  })

  it('echoes megabytes with bounded buffers', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    let received = 0
    let most = 0

    near.addEventListener('message', ({ data }) => { received += data.byteLength })

    const echoing = echo(far)

    for (let i = 0; i < 64; i++) {
      near.send(new Uint8Array(MIB / 4))
      most = Math.max(most, far.readBufferLength, far.writeBufferLength)
      await near.onDrain()
    }

    await near.close()
    await echoing
    await eventually(() => received === 16 * MIB)
    expect(most).toBeLessThan(2 * MIB)
  })
})

describe('PluginStream, negotiated lazily', () => {
  it('sends the question with the first bytes', async () => {
    using pair = await pluginPair()
    const { near, far } = pair
    const sizes: number[] = []

    far.original.port.raw.addEventListener('message', ({ data }) => { sizes.push(data.byteLength) })
    openLazily(near, '/lazy/1')

    const pb = pbStream(near)

    await pb.write('question', TEXT)
    await answer(far, '/lazy/1')
    expect(await pbStream(far).read(TEXT)).toBe('question')
    expect(sizes).toEqual([greeting('/lazy/1').byteLength + 'question'.length + 1])
  })

  it('sends the question alone for a plugin that only listens, and gives it nothing of the answer', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    openLazily(near, '/lazy/1')

    const collected = collect(near)

    await answer(far, '/lazy/1')
    far.send(bytes('unasked'))
    await eventually(() => collected.text !== '')
    await turns(3)

    expect(collected.text).toBe('unasked')
  })

  it('sends nothing while a plugin neither listens nor sends', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    openLazily(near, '/lazy/1')
    near.addEventListener('close', () => {})
    await turns(10)

    expect(far.readBufferLength).toBe(0)
  })

  it('closes with UnsupportedProtocol when the peer refuses', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    openLazily(near, '/lazy/1')

    const reading = readAll(near)
    const answering = answer(far, '/other/1').catch(() => {})

    await expect(reading).rejects.toMatchObject({ name: 'UnsupportedProtocolError' })
    await answering
  })

  it('delivers an answer, payload and end that came in one packet', async () => {
    using pair = await pluginPair()
    const { near, far } = pair

    openLazily(near, '/lazy/1')

    const reading = byteStream(near).read()

    await eventually(() => far.readBufferLength > 0)
    far.send(new Uint8Array([...greeting('/lazy/1'), ...bytes('payload')]))
    await far.close()

    expect(text(await reading)).toBe('payload')
    expect(await readAll(near)).toBe('')
  })
})
