import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { byteStreamPair } from '../../../src/channel/bytes/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { arrivedRaw, headers, openRaw, rawScene, record, reference } from './raw-peer.ts'
import { sessionPair } from './session-pair.ts'
import type { ByteStream, Receiver, Session } from '../../../src/channel/contract/index.ts'

async function carry (from: Session, to: Session, message: unknown): Promise<ByteStream> {
  const sender = from.newSendChannel()
  const receiver = await to.waitReceiveChannel()

  await sender.send(message)

  return (await receiver.receive()).value as ByteStream
}

describe.each([
  ['made by the session', (session: Session) => session.createByteStream()],
  ['made elsewhere', () => byteStreamPair()],
  ['used before it was sent', (session: Session) => {
    const [local, remote] = session.createByteStream()

    void remote.write('')

    return [local, remote] as [ByteStream, ByteStream]
  }]
])('a byte stream %s', (_, make) => {
  // spec-channel 1.3, 10.1
  it('carries bytes both ways, and ends each direction apart', async () => {
    const { a, b } = sessionPair()
    const [local, remote] = make(a)
    const there = await carry(a, b, remote)

    await local.end('hello')
    expect(await there.text()).toBe('hello')
    await there.write('and ')
    await there.end('bye')
    expect(await local.text()).toBe('and bye')
    await settle()
    expect([a.stat().opened, b.stat().accepted]).toEqual([1, 1])
  })

  // spec-channel 10.3
  it('passes on a reset with its reason, both ways', async () => {
    const { a, b } = sessionPair()
    const [first, second] = [make(a), make(a)]
    const [there, thereToo] = [await carry(a, b, first[1]), await carry(a, b, second[1])]

    first[0].reset({ code: 300, message: 'no' })
    thereToo.reset({ code: 301, message: 'neither' })

    await expect(there.read()).rejects.toMatchObject({ code: 'StreamReset', reason: { code: 300 } })
    await expect(second[0].read()).rejects.toMatchObject({ code: 'StreamReset', reason: { code: 301 } })
    await settle()
    expect([a.stat().opened, b.stat().accepted]).toEqual([2, 2])
  })

  it('delivers what was written before its message was received', async () => {
    const { a, b } = sessionPair()
    const [local, remote] = make(a)
    const carrier = a.newSendChannel()

    await local.write('early ')
    await carrier.send(remote)
    await local.end('late')

    const { value } = await (await b.waitReceiveChannel()).receive() as { value: ByteStream }

    expect(await value.text()).toBe('early late')
  })

  it('comes back in a message', async () => {
    const { a, b } = sessionPair()
    const [local, remote] = make(a)
    const there = await carry(a, b, remote)
    const back = await carry(b, a, there)

    await back.end('around')
    expect(await local.text()).toBe('around')
    await local.end('and back')
    expect(await back.text()).toBe('and back')
  })
})

// spec-channel 10.2
describe('a byte stream of one direction', () => {
  it('is something to read from, and the receiver ends its direction at once', async () => {
    const scene = rawScene()
    const carrier = openRaw(scene, headers(2))
    const stream = openRaw(scene, headers(4, 2))
    const receiver = await scene.session.waitReceiveChannel()

    carrier.link.write(record(0, ...reference(3, 4)))
    stream.link.write(Uint8Array.of(104, 105))
    stream.link.end()

    const { value } = await receiver.receive() as { value: ByteStream }

    expect(await value.text()).toBe('hi')
    await expect(value.write('x')).rejects.toMatchObject({ code: 'StreamClosed' })
    await settle()
    expect(stream.log).toEqual(['end', 'close'])
  })

  it('is something to write to, which reads an end at once', async () => {
    const scene = rawScene()
    const carrier = openRaw(scene, headers(2))
    const stream = openRaw(scene, headers(4, 2))
    const receiver = await scene.session.waitReceiveChannel()

    carrier.link.write(record(0, ...reference(2, 4)))

    const { value } = await receiver.receive() as { value: ByteStream }

    expect(await value.read()).toBeNull()
    await value.end('hi')
    await settle()
    expect(stream.log).toEqual(['data 104,105', 'end'])
  })

  it('is told by its reference', async () => {
    const scene = rawScene()
    const channel = scene.session.newSendChannel()
    const { writable } = new TransformStream<Uint8Array>()

    await channel.send({ r: Readable.from(['x']), w: writable, d: scene.session.createByteStream()[1] })

    const [carrier] = await arrivedRaw(scene)

    expect(carrier?.log).toEqual([`data ${record(0, 0x83, 0xA1, 114, ...reference(3, 3), 0xA1, 119, ...reference(2, 5), 0xA1, 100, ...reference(1, 7)).join(',')}`])
  })

  it('may be a stream of Node', async () => {
    const { a, b } = sessionPair()
    const there = await carry(a, b, Readable.from(['some ', 'text']))

    expect(await there.text()).toBe('some text')
    await settle()
    expect([a.stat().opened, b.stat().accepted]).toEqual([1, 1])
  })
})

describe('a byte stream in two sessions', () => {
  it('goes through, with the ends and the back-pressure', async () => {
    const [ab, bc] = [sessionPair({ bufferBytes: 1000 }), sessionPair({ bufferBytes: 1000 })]
    const [local, remote] = ab.a.createByteStream()
    const there = await carry(ab.a, ab.b, remote)
    const last = await carry(bc.a, bc.b, there)
    const bytes = new Uint8Array(1_000_000).fill(7)
    const written = (async () => {
      for (let at = 0; at < bytes.byteLength; at += 10_000) {
        await local.write(bytes.subarray(at, at + 10_000))
      }

      await local.end()
    })()

    expect((await last.bytes({ maxBytes: 2_000_000 })).byteLength).toBe(1_000_000)
    await written
    await last.end('thanks')
    expect(await local.text()).toBe('thanks')
  })
})

describe('a byte stream in a message that is never received', () => {
  it('is reset with unclaimed', async () => {
    const { a, b } = sessionPair()
    const [local, remote] = a.createByteStream()
    const carrier = a.newSendChannel()
    const receiver: Receiver<unknown> = await b.waitReceiveChannel()

    await carrier.send(remote)
    await settle()
    receiver.cancel()

    await expect(local.read()).rejects.toMatchObject({ code: 'StreamReset', reason: { code: 9 } })
  })
})
