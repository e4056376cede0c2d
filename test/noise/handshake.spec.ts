import { describe, expect, it } from 'vitest'
import { Handshake } from '../../src/noise/handshake.ts'
import { keysFromPrivate } from '../../src/noise/x25519.ts'
import type { NoiseRule } from '../../src/noise/index.ts'
import type { KeyPair } from '../../src/noise/x25519.ts'

/** With the keys below; the code that made them agreed with the vectors of the Noise libraries cacophony and snow. */
const VECTOR = {
  first: 'ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d596669727374',
  second: 'ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10bb719b14d19eaf5ca91c89748c5ce8668e6864f05ee2367682b3e0c2fd086f0b4c464c26e11810e5e2a8854e297a57b45d96cc80de21d57d1694196ddd548d884b8170ba86010',
  third: '539a5cf3ae8a0a9134b32bfa775a1522db3558a1351ed4101989b8b88aa6a6f02cd827ee1942886dbab32d10e01b8d99330add59c5cdc3fccf2451537ad182978377a5ac72',
  hash: 'b750b0f3c68eb64f02f63c91f67f1dfe33fea1c426198d50f38f5e4e59c30ff4',
  fromInitiator: 'fbdffecde10fc4ef5344093c4b64abcde5dccb437821341d99318dde7254ccf1d846',
  fromResponder: 'fe8916de1e8f1833d960907bc86527149b2c813fa838a23e814929c14102bd5699bc'
}

/** With these, everybody knows the secret: it is all zeros (the points of small order of curve25519). */
const LOW_ORDER_POINTS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
]

function keys (byte: number): KeyPair {
  return keysFromPrivate(new Uint8Array(32).fill(byte))
}

function bytes (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function initiator (prologue = 'prologue'): Handshake {
  return new Handshake({ isInitiator: true, prologue: bytes(prologue), staticKeys: keys(1), ephemeralKeys: keys(2) })
}

function responder (prologue = 'prologue'): Handshake {
  return new Handshake({ isInitiator: false, prologue: bytes(prologue), staticKeys: keys(3), ephemeralKeys: keys(4) })
}

function breaking (rule: NoiseRule): unknown {
  return expect.objectContaining({ code: 'ProtocolViolation', name: 'ProtocolViolationError', rule })
}

/** Which bytes of a message may be changed without anybody noticing. */
function unnoticed (message: Uint8Array, read: (changed: Uint8Array) => void): number[] {
  return [...message.keys()].filter((at) => {
    const changed = Uint8Array.from(message)

    changed[at] = (changed[at] ?? 0) ^ 1

    try {
      read(changed)
    } catch {
      return false
    }

    return true
  })
}

describe('a handshake', () => {
  it('says the same, byte for byte, when its keys and payloads are the same', () => {
    const [near, far] = [initiator(), responder()]

    const first = near.writeFirst(bytes('first'))
    const firstPayload = far.readFirst(first)
    const second = far.writeSecond(bytes('second'))
    const secondPayload = near.readSecond(second)
    const third = near.writeThird(bytes('third'))
    const thirdPayload = far.readThird(third)

    expect([first, second, third, near.hash, far.hash].map(hex)).toEqual([VECTOR.first, VECTOR.second, VECTOR.third, VECTOR.hash, VECTOR.hash])
    expect([firstPayload, secondPayload, thirdPayload]).toEqual(['first', 'second', 'third'].map((text) => bytes(text)))
    expect([near.remoteStaticKey, far.remoteStaticKey]).toEqual([keys(3).publicKey, keys(1).publicKey].map((key) => Uint8Array.from(key)))

    for (const [cipher, text, sealed] of [
      [near.split().send, 'from the initiator', VECTOR.fromInitiator],
      [far.split().receive, 'from the initiator', VECTOR.fromInitiator],
      [near.split().receive, 'from the responder', VECTOR.fromResponder],
      [far.split().send, 'from the responder', VECTOR.fromResponder]
    ] as const) {
      const target = new Uint8Array(text.length + 16)

      cipher.seal(bytes(text), target)
      expect(hex(target)).toBe(sealed)
    }
  })

  it('notices every changed byte of what it is sent, but for the payload that everybody can read', () => {
    const near = initiator()
    const far = responder()

    far.readFirst(near.writeFirst())

    const second = far.writeSecond(bytes('second'))

    expect(unnoticed(second, (changed) => {
      const another = initiator()

      another.writeFirst()
      another.readSecond(changed)
    })).toEqual([])

    near.readSecond(second)

    const third = near.writeThird(bytes('third'))

    expect(unnoticed(third, (changed) => {
      const another = responder()

      another.readFirst(initiator().writeFirst())
      another.writeSecond(bytes('second'))
      another.readThird(changed)
    })).toEqual([])
  })

  it('notices in the second message that the first was changed on its way', () => {
    const near = initiator()
    const far = responder()

    near.writeFirst(bytes('1st'))
    far.readFirst(Buffer.concat([keys(2).publicKey, bytes('2nd')]))

    expect(() => near.readSecond(far.writeSecond(bytes('second')))).toThrow(breaking('handshakeTag'))
  })

  it('fails when the two sides have different prologues', () => {
    const near = initiator('this')
    const far = responder('that')

    far.readFirst(near.writeFirst())

    expect(() => near.readSecond(far.writeSecond(bytes('')))).toThrow(breaking('handshakeTag'))
  })

  it.each(LOW_ORDER_POINTS)('refuses the ephemeral key %s, with which the secret would be none', (point) => {
    const far = responder()

    far.readFirst(Buffer.from(point, 'hex'))

    expect(() => far.writeSecond(bytes(''))).toThrow(breaking('publicKey'))
    expect(() => far.writeSecond(bytes(''))).toThrow(point)
  })

  it.each(LOW_ORDER_POINTS)('refuses the static key %s, of either side', (point) => {
    const bad: KeyPair = { ...keys(3), publicKey: Buffer.from(point, 'hex') }
    const near = initiator()
    const far = new Handshake({ isInitiator: false, prologue: bytes('prologue'), staticKeys: bad })
    const third = new Handshake({ isInitiator: true, prologue: bytes('prologue'), staticKeys: bad })
    const honest = responder()

    far.readFirst(near.writeFirst())
    honest.readFirst(third.writeFirst())
    third.readSecond(honest.writeSecond(bytes('')))

    expect(() => near.readSecond(far.writeSecond(bytes('')))).toThrow(breaking('publicKey'))
    expect(() => honest.readThird(third.writeThird(bytes('')))).toThrow(breaking('publicKey'))
  })

  it('refuses messages that are too short to have what they must', () => {
    const far = responder()

    expect(() => far.readFirst(new Uint8Array(31))).toThrow('the first message of the handshake must have at least 32 bytes, received 31')
    expect(() => initiator().readSecond(new Uint8Array(95))).toThrow(breaking('handshakeLength'))
    expect(() => far.readThird(new Uint8Array(63))).toThrow(breaking('handshakeLength'))
  })

  it('uses new ephemeral keys unless it is told which', () => {
    const init = { isInitiator: true, prologue: bytes(''), staticKeys: keys(1) }

    expect(hex(new Handshake(init).writeFirst())).not.toBe(hex(new Handshake(init).writeFirst()))
  })

  it('has to be called in the order of its messages', () => {
    expect(() => responder().writeSecond(bytes(''))).toThrow(TypeError)
    expect(() => initiator().writeThird(bytes(''))).toThrow(TypeError)
    expect(() => initiator().remoteStaticKey).toThrow(TypeError)
  })
})

describe('a static key', () => {
  it.each([0, 31, 33, 64])('is not made of %i bytes', (count) => {
    expect(() => keysFromPrivate(new Uint8Array(count))).toThrow(`staticNoiseKey must be a private X25519 key of 32 bytes, received ${count}`)
  })
})
