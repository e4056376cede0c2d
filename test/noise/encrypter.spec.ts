import { generateKeyPair } from '@libp2p/crypto/keys'
import { serviceCapabilities } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { Handshake } from '../../src/noise/handshake.ts'
import { proveStaticKey } from '../../src/noise/identity-proof.ts'
import { NoiseEncrypter } from '../../src/noise/index.ts'
import { generateKeys } from '../../src/noise/x25519.ts'
import { failure } from '../support/stream-pair.ts'
import { link } from '../support/yamux-link.ts'
import { party, readAll, secure, trySecure } from './scene.ts'
import type { Party, PartyInit, Secured } from './scene.ts'
import type { KeyPair } from '../../src/noise/x25519.ts'

const [YAMUX, MPLEX] = ['/yamux/1.0.0', '/mplex/6.7.0']

function muxer ({ streamMuxer }: Secured): string | undefined {
  return streamMuxer?.protocol
}

function frame (message: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(message.byteLength >> 8, message.byteLength & 0xff), message])
}

async function parties (near: PartyInit = {}, far: PartyInit = {}): Promise<[Party, Party]> {
  return [await party(near), await party(far)]
}

/** What a listener makes of a dialler who says whatever the test wants as its proof. */
async function answerTo (proof: (staticKeys: KeyPair) => Promise<Uint8Array>): Promise<unknown> {
  const [dialled, listened] = link()
  const staticKeys = generateKeys()
  const handshake = new Handshake({ isInitiator: true, prologue: new Uint8Array(0), staticKeys })
  const securing = (await party()).encrypter.secureInbound(listened)

  dialled.addEventListener('message', ({ data }) => {
    handshake.readSecond(data.subarray(2))
    proof(staticKeys).then((payload) => { dialled.send(frame(handshake.writeThird(payload))) }, () => {})
  })
  dialled.send(frame(handshake.writeFirst()))

  return failure(securing)
}

describe('the encrypter', () => {
  it('is what libp2p knows as noise', async () => {
    const { encrypter } = await party()

    expect(encrypter).toBeInstanceOf(NoiseEncrypter)
    expect(encrypter.protocol).toBe('/noise')
    expect((encrypter as NoiseEncrypter)[serviceCapabilities]).toEqual(['@libp2p/connection-encryption', '@libp2p/noise'])
  })

  it.each(['Ed25519', 'RSA', 'secp256k1'] as const)('proves an identity of type %s', async (type) => {
    const [near, far] = await parties({ privateKey: await generateKeyPair(type) }, { privateKey: await generateKeyPair(type) })
    const [dialled, listened] = await secure(near, far)

    expect([String(dialled.remotePeer), String(listened.remotePeer)]).toEqual([String(far.peerId), String(near.peerId)])
    expect(dialled.remotePeer.publicKey?.equals(far.privateKey.publicKey)).toBe(true)
  })

  it('signs once, however many connections there are', async () => {
    const key = await generateKeyPair('Ed25519')
    let signatures = 0
    const near = await party({
      privateKey: Object.assign(Object.create(key) as typeof key, {
        sign: (bytes: Uint8Array) => {
          signatures++

          return key.sign(bytes)
        }
      })
    })
    const far = await party()

    await Promise.all(Array.from({ length: 5 }, async () => secure(near, far)))

    expect(signatures).toBe(1)
  })

  it('sends as the static key the one it was given', async () => {
    const [dialled, listened] = link()
    const staticNoiseKey = new Uint8Array(32).fill(5)
    const handshake = new Handshake({ isInitiator: true, prologue: new Uint8Array(0), staticKeys: generateKeys() })
    const securing = (await party({ staticNoiseKey })).encrypter.secureInbound(listened)
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()

    dialled.addEventListener('message', ({ data }) => { resolve(data.subarray(2)) })
    dialled.send(frame(handshake.writeFirst()))
    handshake.readSecond(await promise)
    dialled.end()
    listened.end()

    expect(Buffer.from(handshake.remoteStaticKey).toString('hex')).toBe('50a61409b1ddd0325e9b16b700e719e9772c07000b1bd7786e907c653d20495d')
    expect(await failure(securing)).toMatchObject({ code: 'ConnectionLost' })
  })

  it('refuses a static key of another length', async () => {
    await expect(party({ staticNoiseKey: new Uint8Array(31) })).rejects.toThrow(RangeError)
  })

  it('tells the peer of certificate hashes', async () => {
    const hashes = [Uint8Array.of(1, 2), Uint8Array.of(3)]
    const [dialled, listened] = await secure(...await parties({ extensions: { webtransportCerthashes: hashes } }))

    expect(listened.remoteExtensions).toEqual({ webtransportCerthashes: hashes, streamMuxers: [] })
    expect(dialled.remoteExtensions).toBeUndefined()
  })

  it('needs the same prologue on both sides', async () => {
    const [near, far] = await parties({ prologueBytes: Uint8Array.of(1) }, { prologueBytes: Uint8Array.of(2) })
    const [dialled, listened] = await trySecure(near, far)

    expect(dialled).toMatchObject({ status: 'rejected', reason: { code: 'ProtocolViolation', rule: 'handshakeTag' } })
    expect(listened).toMatchObject({ status: 'rejected', reason: { code: 'ConnectionLost' } })
    await expect(secure(...await parties({ prologueBytes: Uint8Array.of(1) }, { prologueBytes: Uint8Array.of(1) }))).resolves.toHaveLength(2)
  })

  it('leaves what came behind the handshake to the stream', async () => {
    const [near, far] = await parties()
    const ends = link()
    const [dialled, listened] = ends

    const securing = far.encrypter.secureInbound(listened)
    const { connection } = await near.encrypter.secureOutbound(dialled)

    // they arrive with the third message, before anybody has read that
    connection.send(new Uint8Array(10))
    connection.send(new Uint8Array(2000))

    const { connection: other } = await securing

    expect(other.readBufferLength).toBe(2010)

    const reading = readAll(other)

    listened.end()
    expect((await reading).byteLength).toBe(2010)
  })
})

describe('the stream muxer', () => {
  it.each([
    ['the only one', [YAMUX], [YAMUX], YAMUX],
    ['the one that both have', [MPLEX, YAMUX], [YAMUX], YAMUX],
    ['the first of the dialler, whatever the listener likes', [YAMUX, MPLEX], [MPLEX, YAMUX], YAMUX],
    ['the first of the dialler', [MPLEX, YAMUX], [YAMUX, MPLEX], MPLEX],
    ['none, when the listener offers none', [YAMUX], [], undefined],
    ['none, when the dialler offers none', [], [YAMUX], undefined]
  ])('is %s, on both sides', async (_, ofNear, ofFar, chosen) => {
    const [dialled, listened] = await secure(...await parties({ muxers: ofNear }, { muxers: ofFar }))

    expect([muxer(dialled), muxer(listened)]).toEqual([chosen, chosen])
  })

  it('is none when either side is told not to negotiate it', async () => {
    const [near, far] = await parties({ muxers: [YAMUX] }, { muxers: [YAMUX] })
    const [dialled, listened] = link()
    const secured = await Promise.all([
      near.encrypter.secureOutbound(dialled, { skipStreamMuxerNegotiation: true }),
      far.encrypter.secureInbound(listened)
    ])

    expect(secured.map(muxer)).toEqual([undefined, undefined])
    expect([secured[0].remoteExtensions?.streamMuxers, secured[1].remoteExtensions]).toEqual([[YAMUX], undefined])
  })

  it('fails the handshake when there is none in common, before the dialler says who it is', async () => {
    const ends = link()
    const [dialled, listened] = await trySecure(...await parties({ muxers: [YAMUX] }, { muxers: [MPLEX] }), ends)

    expect(dialled).toMatchObject({ status: 'rejected', reason: { code: 'NegotiationFailed', message: 'no stream muxer in common: we have /yamux/1.0.0, the peer has /mplex/6.7.0' } })
    expect(listened).toMatchObject({ status: 'rejected', reason: { code: 'ConnectionLost' } })
    expect(ends[0].sent).toHaveLength(1)
  })
})

describe('the peer', () => {
  it('must be the one that was dialled, or we do not say who we are', async () => {
    const [near, far] = await parties()
    const { peerId: wanted } = await party()
    const [dialled, listened] = link()

    far.encrypter.secureInbound(listened).catch(() => {})

    const error = await failure(near.encrypter.secureOutbound(dialled, { remotePeer: wanted }))

    expect(error).toMatchObject({ name: 'UnexpectedPeerError', code: 'UnexpectedPeer', message: `wanted peer ${wanted}, but ${far.peerId} took part in the handshake` })
    expect(dialled.sent).toHaveLength(1)
  })

  it('must be the expected one on the listening side too', async () => {
    const [near, far] = await parties()
    const [dialled, listened] = link()

    near.encrypter.secureOutbound(dialled).catch(() => {})

    expect(await failure(far.encrypter.secureInbound(listened, { remotePeer: far.peerId }))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('must have signed the static key that it uses', async () => {
    const identity = await generateKeyPair('Ed25519')

    expect(await answerTo(async () => proveStaticKey(identity, generateKeys().publicKey))).toMatchObject({
      code: 'UnexpectedPeer',
      message: expect.stringContaining('its signature of 64 bytes does not prove it')
    })
  })

  it('must have signed with the key that it names', async () => {
    const [identity, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
    const liar = Object.assign(Object.create(identity) as typeof identity, { publicKey: other.publicKey })

    expect(await answerTo(async ({ publicKey }) => proveStaticKey(liar, publicKey))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it('must have a signature of a length that its key has', async () => {
    const identity = await generateKeyPair('Ed25519')
    const lazy = Object.assign(Object.create(identity) as typeof identity, { sign: () => new Uint8Array(3) })

    expect(await answerTo(async ({ publicKey }) => proveStaticKey(lazy, publicKey))).toMatchObject({ code: 'UnexpectedPeer' })
  })

  it.each([
    ['no payload', new Uint8Array(0)],
    ['a payload of noise', new Uint8Array(50).fill(0xff)],
    ['an identity key that is none', Uint8Array.of(0x0a, 2, 1, 2, 0x12, 1, 1)]
  ])('is refused with %s', async (_, payload) => {
    expect(await answerTo(async () => payload)).toMatchObject({ code: 'ProtocolViolation', rule: 'payload' })
  })
})

describe('a handshake', () => {
  it('waits for a mute peer until its signal aborts, and leaves nothing behind', async () => {
    const { encrypter } = await party()

    for (const secureOne of [encrypter.secureOutbound.bind(encrypter), encrypter.secureInbound.bind(encrypter)]) {
      const [end] = link()
      const controller = new AbortController()
      const reason = new Error('too long')
      const securing = secureOne(end, { signal: controller.signal })

      controller.abort(reason)

      expect(await failure(securing)).toBe(reason)
      expect(['message', 'close', 'remoteCloseWrite'].map((type) => end.listenerCount(type))).toEqual([0, 0, 0])
      expect(end.status).toBe('open')
    }
  })

  it('does not begin when its signal has aborted', async () => {
    const [end] = link()
    const { encrypter } = await party()

    await expect(encrypter.secureOutbound(end, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(end.sent).toEqual([])
  })

  it.each([
    ['closes', 'it was closed', (end: ReturnType<typeof link>[0]) => { end.end() }],
    ['is reset', 'connection reset', (end: ReturnType<typeof link>[0]) => { end.reset() }],
    ['is ended by the peer', 'the peer ended its direction', (end: ReturnType<typeof link>[0]) => { end.dispatchEvent(new Event('remoteCloseWrite')) }]
  ])('fails when the connection %s', async (_, why, happen) => {
    const [dialled, listened] = link()
    const { encrypter } = await party()
    const securing = Promise.all([dialled, listened].map(async (end, i) => failure(i === 0 ? encrypter.secureOutbound(end) : encrypter.secureInbound(end))))

    happen(dialled)
    happen(listened)

    for (const error of await securing) {
      expect(error).toMatchObject({ code: 'ConnectionLost', message: `the connection was lost during the handshake: ${why}` })
    }
  })

  it('fails on a connection that has ended already', async () => {
    const { encrypter } = await party()

    for (const secureOne of [encrypter.secureOutbound.bind(encrypter), encrypter.secureInbound.bind(encrypter)]) {
      const [end] = link()

      end.end()
      expect(await failure(secureOne(end))).toMatchObject({ code: 'ConnectionLost' })
    }
  })

  it.each([
    ['HTTP', new TextEncoder().encode('GET / HTTP/1.1\r\n'), 'received the length 18245: the peer may not speak Noise'],
    ['a message of the greatest length', Uint8Array.of(0xff, 0xff), 'received the length 65535'],
    ['an empty message', Uint8Array.of(0, 0), 'must have at least 32 bytes, received 0'],
    ['a short message', Uint8Array.of(0, 3, 1, 2, 3), 'must have at least 32 bytes, received 3']
  ])('refuses %s at once', async (_, bytes, why) => {
    const [, listened] = link()
    const securing = failure((await party()).encrypter.secureInbound(listened))

    listened.receive(bytes)

    expect(await securing).toMatchObject({ code: 'ProtocolViolation', rule: 'handshakeLength', message: expect.stringContaining(why) })
  })

  it('takes its messages in any pieces', async () => {
    const [near, far] = await parties()
    const secured = await secure(near, far, link({ pieceBytes: 1 }))

    expect(String(secured[1].remotePeer)).toBe(String(near.peerId))
  })

  it('keeps no more than the transport would of what comes too early', async () => {
    const [, listened] = link()
    const { encrypter } = await party()

    listened.maxReadBufferLength = 1000
    const securing = failure(encrypter.secureInbound(listened))

    listened.receive(Uint8Array.of(0x3f, 0xff))
    listened.receive(new Uint8Array(999))

    expect(await securing).toMatchObject({ code: 'ResourceLimit' })
  })
})
