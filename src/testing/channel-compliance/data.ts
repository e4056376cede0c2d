import { cbor, json, msgpack } from '../../channel/index.ts'
import { fails, ok, same } from './assert.ts'
import { collect, next, open } from './steps.ts'
import { within } from './waiting.ts'
import type { Cases } from './cases.ts'
import type { Stage } from './stage.ts'
import type { ByteStream, Codec, Receiver, Sender } from '../../channel/index.ts'

/** All kinds of data of spec-channel 5.1, at the ends of their ranges and between. */
const VALUES: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  'small integers': [1, -1, 23, 24, 31, 32, -32, -33, 127, 128, -128, -129, 255, 256],
  'larger integers': [65_535, 65_536, -32_768, -32_769, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, -(2 ** 31) - 1],
  'the safe integers': [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  'integers beyond': [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n],
  floats: [0.5, -0.1, Math.PI, Number.MIN_VALUE, 1e-7, -1.5e300],
  'special floats': [NaN, Infinity, -Infinity, -0],
  'no text': '',
  text: 'é 漢 🙂 \u0000 "quoted"',
  'long text': 'ü'.repeat(70_000),
  'no bytes': new Uint8Array(),
  bytes: Uint8Array.from({ length: 300 }, (_, index) => index),
  'no list': [],
  list: [1, [2, [3, []]], null, 'x'],
  'long list': Array.from({ length: 70_000 }, (_, index) => index % 7),
  'no map': {},
  map: { z: 1, a: { nested: [true] }, '': 'empty key', 'key with $': 1, $ref: [4, 7], ü: null },
  'maps that look like json': [{ $ref: [4, 1] }, { $bytes: 'AA==' }, { $time: 'x' }, { $map: {} }, { $int: '1' }, { $x: 1, $y: 2 }],
  times: [new Date(0), new Date('2026-01-02T03:04:05.678Z'), new Date('1901-01-01T00:00:00.001Z'), new Date('9999-12-31T23:59:59.999Z')]
}

/** Sends all values one way, and gets them back the other. */
async function survive (stage: Stage, codec?: Codec): Promise<void> {
  const { near, far } = await stage.pair({ near: { codec } })
  const [sender, receiver] = await open(near, far)

  for (const [name, value] of Object.entries(VALUES)) {
    await sender.send(value)
    same(await next(receiver), value, name)
  }

  await sender.send(VALUES)
  same(await next(receiver), VALUES, 'all in one')
}

/** Channels and byte streams in messages of a codec. */
async function carry (stage: Stage, codec: Codec): Promise<void> {
  const { near, far } = await stage.pair({ near: { codec } })
  const [sender, receiver] = await open(near, far)
  const [jobs, remoteJobs] = near.createNestedSender()
  const [answers, remoteAnswers] = near.createNestedReceiver()
  const [bytes, remoteBytes] = near.createByteStream()

  await sender.send({ remoteJobs, deep: [{ remoteAnswers, remoteBytes }] })

  const { remoteJobs: job, deep: [{ remoteAnswers: answer, remoteBytes: read }] } =
    await next<{ remoteJobs: Receiver<unknown>, deep: [{ remoteAnswers: Sender<unknown>, remoteBytes: ByteStream }] }>(receiver)

  await jobs.send(VALUES.map)
  same(await next(job), VALUES.map, 'what a nested channel carries')
  await answer.send(VALUES.map)
  same(await next(answers), VALUES.map, 'what a nested channel carries back')
  await bytes.end('bytes')
  same(await within(read.text(), 'the end of the bytes'), 'bytes', 'what a byte stream carries')
}

export const data: Cases = {
  async 'carries all kinds of data' (stage) {
    await survive(stage)
  },

  async 'takes no value for an end' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const falsy = [0, '', false, null, [], {}, NaN, new Uint8Array()]

    for (const value of falsy) {
      await sender.send(value)
    }

    await sender.close()
    same(await within(collect(receiver), 'the end'), falsy, 'the messages')
  },

  // spec-channel 5.1
  async 'leaves undefined out of maps, and makes it null elsewhere' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sender.send({ a: undefined, b: [undefined, 1], c: { d: undefined } })
    await sender.send(undefined)
    same(await next(receiver), { b: [null, 1], c: {} }, 'the map')
    same(await next(receiver), null, 'the message that was undefined')
  },

  async 'shares nothing: what is changed after the call does not change the message' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)
    const message = { list: [1, 2, 3], bytes: Uint8Array.of(1, 2, 3) }
    const sending = sender.send(message)

    message.list.push(4)
    message.bytes.fill(9)
    await sending

    const received = await next<typeof message>(receiver)

    same(received, { list: [1, 2, 3], bytes: Uint8Array.of(1, 2, 3) }, 'the message')
    received.list.push(5)
    received.bytes.fill(8)
    same(message, { list: [1, 2, 3, 4], bytes: Uint8Array.of(9, 9, 9) }, 'the message of the sender, after the receiver changed its own')
  },

  async 'pollutes no prototype' (stage) {
    const { near, far } = await stage.pair()
    const [sender, receiver] = await open(near, far)

    await sender.send({ constructor: 1, toString: 2, hasOwnProperty: 3 })
    same(Object.entries(await next<object>(receiver)), [['constructor', 1], ['toString', 2], ['hasOwnProperty', 3]], 'the map')
    await fails(sender.send(JSON.parse('{"__proto__": {"polluted": true}}')), 'UnencodableMessage', 'sending the key __proto__')
    ok(!('polluted' in {}), 'no object has it')
  }
}

export const codecs: Cases = {
  async 'carries all kinds of data as json' (stage) { await survive(stage, json) },
  async 'carries all kinds of data as cbor' (stage) { await survive(stage, cbor) },
  async 'carries channels and byte streams in json' (stage) { await carry(stage, json) },
  async 'carries channels and byte streams in cbor' (stage) { await carry(stage, cbor) },

  async 'lets each side use a codec of its own' (stage) {
    const { near, far } = await stage.pair({ near: { codec: json }, far: { codec: cbor } })
    const [there, atFar] = await open(near, far)
    const [back, atNear] = await open(far, near)

    await there.send({ in: 'json' })
    await back.send({ in: 'cbor' })
    same(await next(atFar), { in: 'json' }, 'the message in json')
    same(await next(atNear), { in: 'cbor' }, 'the message in cbor')
  },

  async 'takes a codec that both sides were given' (stage) {
    const own: Codec = { ...msgpack, name: 'of-ones-own', encode: (value, context) => msgpack.encode([value], context) }
    const { near, far } = await stage.pair({ near: { codec: own }, far: { codecs: [own] } })
    const [sender, receiver] = await open(near, far)

    await sender.send('x')
    same(await next(receiver), ['x'], 'the message')
  },

  async 'refuses a channel whose codec the other side lacks, and goes on' (stage) {
    const own: Codec = { ...msgpack, name: 'of-ones-own' }
    const { near, far } = await stage.pair({ near: { codec: own } })
    const sender = near.newSendChannel()

    await within(sender.closed, 'the channel to be refused')
    await fails(sender.send(1), 'ChannelCancelled', 'sending', { code: 10 })

    const [other, receiver] = await open(far, near)

    await other.send('goes on')
    same(await next(receiver), 'goes on', 'a message the other way')
  },

  // spec-channel 4.2
  async 'ends a channel whose message cannot be decoded, and goes on' (stage) {
    const broken: Codec = { ...msgpack, encode: () => Uint8Array.of(0xC1) }
    const { near, far } = await stage.pair({ near: { codec: broken } })
    const [sender, receiver] = await open(near, far)

    await sender.send('whatever')
    await fails(within(receiver.receive(), 'the failure'), 'InvalidMessage', 'receiving')
    await within(sender.closed, 'the sender to learn of it')
    await fails(sender.send(1), 'ChannelCancelled', 'sending', { code: 7 })

    const [other, otherReceiver] = await open(far, near)

    await other.send('goes on')
    same(await next(otherReceiver), 'goes on', 'a message the other way')
  }
}
