import { describe, expect, it } from 'vitest'
import { bothWays } from './both-ways.ts'
import { readHandshake } from './decode/noise.ts'
import { Message } from './decode/protobuf.ts'
import { peerIdText, PublicKey } from './decode/public-key.ts'
import { ROLES } from './session.ts'
import type { Shown } from './decode/noise.ts'
import type { Role } from './recording-proxy.ts'
import type { Session } from './session.ts'

const EPHEMERAL_BYTES = 32
const SEALED_STATIC_BYTES = 32 + 16
const TAG_BYTES = 16
const MAX_MESSAGE_BYTES = 65_535

function shown ({ handshake }: Session, role: Role): Shown {
  return role === 'dialer' ? handshake.initiator : handshake.responder
}

/** Protobuf `NoiseHandshakePayload`. */
function payload (session: Session, role: Role): Message {
  return new Message(shown(session, role).payload)
}

/** Protobuf `NoiseExtensions`. */
function extensions (session: Session, role: Role): Message {
  return new Message(payload(session, role).bytes(4))
}

function signed (staticKey: Buffer): Buffer {
  return Buffer.concat([Buffer.from('noise-libp2p-static-key:'), staticKey])
}

/** Copies, with the last bit of one changed. */
function withChangedBit (messages: readonly [Buffer, Buffer, Buffer], index: number): [Buffer, Buffer, Buffer] {
  const copies = messages.map((message, each) => {
    const copy = Buffer.from(message)

    copy.writeUInt8(copy.readUInt8(copy.length - 1) ^ (each === index ? 1 : 0), copy.length - 1)

    return copy
  })

  return copies as [Buffer, Buffer, Buffer]
}

bothWays('the bytes of a connection with go-libp2p', (recording) => {
  describe('follow connections, "multistream-select",', () => {
    it.each(ROLES)('in that the %s first says /multistream/1.0.0 and then /noise, each with its length and a newline, and no more', (role) => {
      const { tokens, tokenBytes } = recording().session

      expect(tokens[role]).toEqual(['/multistream/1.0.0', '/noise'])
      expect(tokenBytes[role].toString('latin1')).toBe('\x13/multistream/1.0.0\n\x07/noise\n')
    })
  })

  describe('follow noise, "Handshake Pattern" and "Wire Format",', () => {
    it('in that the first message is the ephemeral key of the dialer, and carries no payload', () => {
      const { session } = recording()

      expect(session.handshakeMessages[0]).toHaveLength(EPHEMERAL_BYTES)
      expect(session.handshakeMessages[0]).toEqual(session.handshake.initiator.ephemeralKey)
    })

    it('in that the second message is e, ee, s, es and a payload, and opens with keys of these exchanges', () => {
      const { handshakeMessages, handshake } = recording().session

      expect(handshakeMessages[1]).toHaveLength(EPHEMERAL_BYTES + SEALED_STATIC_BYTES + handshake.responder.payload.length + TAG_BYTES)
      expect(handshake.responder.staticKey).toHaveLength(32)
    })

    it('in that the third message is s, se and a payload, and opens with keys of these exchanges', () => {
      const { handshakeMessages, handshake } = recording().session

      expect(handshakeMessages[2]).toHaveLength(SEALED_STATIC_BYTES + handshake.initiator.payload.length + TAG_BYTES)
      expect(handshake.initiator.staticKey).toHaveLength(32)
    })

    it('in that we show the keys whose secrets we hold', () => {
      const { session, ours, keys } = recording()

      expect(shown(session, ours).ephemeralKey).toEqual(Buffer.from(keys.ephemeralKey.publicKey))
      expect(shown(session, ours).staticKey).toEqual(Buffer.from(keys.staticKey.publicKey))
    })

    it.each([1, 2, 3])('in that a changed bit in message %i makes it unreadable', (number) => {
      const { session: { handshakeMessages }, ours, keys } = recording()

      expect(() => readHandshake(withChangedBit(handshakeMessages, number - 1), { isInitiator: ours === 'dialer', ...keys })).toThrow(/authenticate/)
    })

    it('in that neither uses a static key as ephemeral key', () => {
      const { initiator, responder } = recording().session.handshake
      const keys = [initiator.ephemeralKey, initiator.staticKey, responder.ephemeralKey, responder.staticKey]

      expect(new Set(keys.map(String)).size).toBe(4)
    })
  })

  describe('follow noise, "The libp2p Handshake Payload",', () => {
    it.each(ROLES)('in that the payload of the %s has identity_key, identity_sig and extensions, and no other field', (role) => {
      expect(payload(recording().session, role).numbers).toEqual([1, 2, 4])
    })

    it.each(ROLES)('in that identity_key of the %s is a PublicKey of type Ed25519 with 32 bytes, and gives its peer ID', (role) => {
      const { session, nodes } = recording()
      const key = new PublicKey(payload(session, role).bytes(1))

      expect(key.type).toBe('ed25519')
      expect(key.data).toHaveLength(32)
      expect(peerIdText(key.peerId)).toBe(nodes[role].peerId)
    })

    it.each(ROLES)('in that identity_sig of the %s signs the prefix and its static key', (role) => {
      const { session } = recording()
      const [key, signature] = [new PublicKey(payload(session, role).bytes(1)), payload(session, role).bytes(2)]

      expect(key.verifies(signed(shown(session, role).staticKey), signature)).toBe(true)
      expect(key.verifies(shown(session, role).staticKey, signature)).toBe(false)
    })

    it('in that identity_sig holds for the static key of nobody else', () => {
      const { session } = recording()
      const key = new PublicKey(payload(session, 'dialer').bytes(1))

      expect(key.verifies(signed(shown(session, 'listener').staticKey), payload(session, 'dialer').bytes(2))).toBe(false)
    })
  })

  describe('follow inlined-muxer-negotiation, "Multiplexer Negotiation over Noise",', () => {
    it.each(ROLES)('in that stream_muxers of the %s is /yamux/1.0.0', (role) => {
      const found = extensions(recording().session, role)

      expect(found.numbers).toEqual([2])
      expect(found.all(2).map(String)).toEqual(['/yamux/1.0.0'])
    })

    it.each(ROLES)('in that the %s goes on with a frame of yamux, and negotiates no more', (role) => {
      const { session } = recording()
      const first = session.frames.find(({ from }) => from === role)

      expect(first?.version).toBe(0)
      expect(session.plain[role].bytes.includes('/yamux/1.0.0')).toBe(false)
    })
  })

  describe('follow noise, "Encryption and I/O",', () => {
    it.each(ROLES)('in that all messages of the %s open with one key and a counter from 0, up to the end of the connection', (role) => {
      const { session } = recording()

      expect(session.plain[role].bytes.length).toBeGreaterThan(1_200_000)
      expect(session.messageSizes[role].length).toBeGreaterThan(20)
    })

    it.each(ROLES)('in that no message of the %s is longer than 65535 bytes or shorter than its tag', (role) => {
      const { session } = recording()

      expect(session.plain[role].bytes.length).toBeGreaterThan(0)
      expect(Math.max(...session.messageSizes[role])).toBeLessThanOrEqual(MAX_MESSAGE_BYTES)
      expect(Math.min(...session.messageSizes[role])).toBeGreaterThan(TAG_BYTES)
    })

    it('in that each direction has a key of its own', () => {
      const { keys } = recording().session.handshake

      expect(keys.initiator.equals(keys.responder)).toBe(false)
    })
  })
})
