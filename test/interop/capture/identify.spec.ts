import { describe, expect, it } from 'vitest'
import { bothWays } from './both-ways.ts'
import { readPeerRecord } from './decode/envelope.ts'
import { readIdentify } from './decode/identify.ts'
import { Message } from './decode/protobuf.ts'
import { peerIdText } from './decode/public-key.ts'
import { Reader } from './decode/reader.ts'
import { FLAG, has } from './decode/yamux.ts'
import { ECHO, IDENTIFY, PING } from './record.ts'
import { ROLES } from './session.ts'
import type { Identify } from './decode/identify.ts'
import type { Recording } from './record.ts'
import type { Role } from './recording-proxy.ts'
import type { StreamView } from './session.ts'

/** Of what a peer says in a record of routing: libp2p/specs RFC 3 has another, which nobody uses. */
const DOMAIN = 'libp2p-peer-record'
/** The multicodec `libp2p-peer-record`. */
const PAYLOAD_TYPE = Buffer.from([0x03, 0x01])

/** The stream on which this side said who it is: the other opened it. */
function streamOf ({ session }: Recording, role: Role): StreamView {
  const [stream] = session.streamsFor(role === 'dialer' ? 'listener' : 'dialer', IDENTIFY)

  if (stream == null) {
    throw new Error(`nobody asked the ${role} who it is`)
  }

  return stream
}

/** The messages on that stream, put together: a large one may be sent in several, which Protocol Buffers merge. */
function said (recording: Recording, role: Role): Buffer {
  const reader = new Reader(streamOf(recording, role).answered)
  const messages: Buffer[] = []

  while (reader.left > 0) {
    messages.push(reader.prefixed())
  }

  return Buffer.concat(messages)
}

function identify (recording: Recording, role: Role): Identify {
  return readIdentify(said(recording, role))
}

bothWays('the bytes of a connection with go-libp2p', (recording) => {
  describe('follow identify, "identify",', () => {
    it.each(ROLES)('in that the %s answers with a message behind its length, and ends the stream', (role) => {
      const stream = streamOf(recording(), role)

      expect(stream.sent).toHaveLength(0)
      expect(said(recording(), role).length).toBeGreaterThan(0)
      expect(stream.frames.some((frame) => frame.from === role && has(frame, FLAG.fin))).toBe(true)
    })
  })

  describe('follow identify, "The Identify Message",', () => {
    it.each(ROLES)('in that the %s sends each field of the schema and signedPeerRecord, and no other', (role) => {
      expect(identify(recording(), role).fields).toEqual([1, 2, 3, 4, 5, 6, 8])
    })

    it.each(ROLES)('in that publicKey of the %s is the identity key of its Noise handshake', (role) => {
      const { session: { handshake } } = recording()
      const payload = new Message(role === 'dialer' ? handshake.initiator.payload : handshake.responder.payload)

      expect(identify(recording(), role).publicKey.bytes).toEqual(payload.bytes(1))
    })

    it.each(ROLES)('in that listenAddrs of the %s are multiaddrs in binary, those on which it listens', (role) => {
      expect(identify(recording(), role).listenAddrs).toEqual(recording().nodes[role].addresses)
    })

    it('in that their observedAddr is the address from which, or at which, they see us', () => {
      const { theirs, seen } = recording()

      expect(identify(recording(), theirs).observedAddr).toBe(seen[theirs])
    })

    it('in that our observedAddr is the address at which we see them, with their peer ID as js-libp2p has it', () => {
      const { ours, theirs, seen, nodes } = recording()

      expect(identify(recording(), ours).observedAddr).toBe(`${seen[ours]}/p2p/${nodes[theirs].peerId}`)
    })

    it.each(ROLES)('in that protocols of the %s name all that it answered, once each', (role) => {
      const { protocols } = identify(recording(), role)

      expect(protocols).toEqual(expect.arrayContaining([IDENTIFY, PING, ECHO]))
      expect(new Set(protocols).size).toBe(protocols.length)
    })

    it('in that our agentVersion is our name and version, and protocolVersion names a family', () => {
      const { protocolVersion, agentVersion } = identify(recording(), recording().ours)

      expect(agentVersion).toMatch(/^swarmd\/\d+\.\d+\.\d+/)
      expect(protocolVersion).toMatch(/^[\w-]+\/\d+\.\d+\.\d+$/)
    })
  })

  describe('follow RFC 2, "Wire Format" and "Signature Production / Verification",', () => {
    it.each(ROLES)('in that signedPeerRecord of the %s is an envelope of public_key, payload_type, payload and signature', (role) => {
      const { signedPeerRecord } = identify(recording(), role)

      expect(signedPeerRecord.fields).toEqual([1, 2, 3, 5])
      expect(signedPeerRecord.publicKey.bytes).toEqual(identify(recording(), role).publicKey.bytes)
      expect(signedPeerRecord.payloadType).toEqual(PAYLOAD_TYPE)
    })

    it.each(ROLES)('in that the envelope of the %s is signed with the domain libp2p-peer-record, and with no other', (role) => {
      const { signedPeerRecord } = identify(recording(), role)

      expect(signedPeerRecord.isSignedFor(DOMAIN)).toBe(true)
      expect(signedPeerRecord.isSignedFor('libp2p-routing-state')).toBe(false)
    })
  })

  describe('follow RFC 3, "Address Record Format",', () => {
    it.each(ROLES)('in that the record of the %s has peer_id, seq and addresses', (role) => {
      const record = readPeerRecord(identify(recording(), role).signedPeerRecord.payload)

      expect(record.fields).toEqual([1, 2, 3])
      expect(record.sequence).toBeGreaterThan(0n)
    })

    it.each(ROLES)('in that peer_id in the record of the %s belongs to the key of the envelope', (role) => {
      const { signedPeerRecord } = identify(recording(), role)

      expect(readPeerRecord(signedPeerRecord.payload).peerId).toBe(peerIdText(signedPeerRecord.publicKey.peerId))
      expect(readPeerRecord(signedPeerRecord.payload).peerId).toBe(recording().nodes[role].peerId)
    })

    it.each(ROLES)('in that the record of the %s has the addresses that it listens on', (role) => {
      expect(readPeerRecord(identify(recording(), role).signedPeerRecord.payload).addresses).toEqual(recording().nodes[role].addresses)
    })
  })
})
