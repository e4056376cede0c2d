import { describe, expect, it } from 'vitest'
import { bothWays } from './both-ways.ts'
import { FLAG, has, INITIAL_WINDOW, TYPE } from './decode/yamux.ts'
import { ECHO, ECHOED_BYTES, IDENTIFY, NOBODYS, PING } from './record.ts'
import { ROLES } from './session.ts'
import type { Role } from './recording-proxy.ts'
import type { SentFrame, Session, StreamView } from './session.ts'

const ALL_FLAGS = FLAG.syn | FLAG.ack | FLAG.fin | FLAG.rst
const PING_BYTES = 32

function other (role: Role): Role {
  return role === 'dialer' ? 'listener' : 'dialer'
}

function flagged (stream: StreamView, from: Role, flag: number): SentFrame[] {
  return stream.frames.filter((frame) => frame.from === from && has(frame, flag))
}

/** What a side sent on a stream after the frame with which it ended it. */
function afterEnd (stream: StreamView, from: Role, flag: number): SentFrame[] {
  const own = stream.frames.filter((frame) => frame.from === from)
  const end = own.findIndex((frame) => has(frame, flag))

  return end < 0 ? [] : own.slice(end + 1)
}

/** What either side sent on any stream after such a frame of its own. */
function late ({ streams }: Session, flag: number): SentFrame[] {
  return streams.flatMap((stream) => ROLES.flatMap((role) => afterEnd(stream, role, flag)))
}

/** The window that this side was given on a stream, beyond the first. */
function windowGiven ({ frames }: StreamView, role: Role): number {
  return frames.filter(({ from, type, flags }) => from !== role && type === TYPE.windowUpdate && (flags & FLAG.rst) === 0).reduce((sum, { length }) => sum + length, 0)
}

/** The least that was left of the window of this side. */
function leastWindow (stream: StreamView, role: Role): number {
  let [left, least] = [INITIAL_WINDOW, INITIAL_WINDOW]

  for (const frame of stream.frames) {
    if (frame.type === TYPE.data && frame.from === role) {
      left -= frame.length
      least = Math.min(least, left)
    }

    // the length of a reset is its error code
    if (frame.type === TYPE.windowUpdate && frame.from !== role && !has(frame, FLAG.rst)) {
      left += frame.length
    }
  }

  return least
}

bothWays('the bytes of a connection with go-libp2p', (recording) => {
  describe('follow yamux, "Framing",', () => {
    it('in that version is 0, type one of four, and flags of the four that there are', () => {
      const { frames } = recording().session

      expect(frames.length).toBeGreaterThan(50)
      expect(frames.filter(({ version, type, flags }) => version !== 0 || type > TYPE.goAway || (flags & ~ALL_FLAGS) !== 0)).toEqual([])
    })

    it('in that the frames of each side end where what it sent ends', () => {
      const { frames, plain } = recording().session

      for (const role of ROLES) {
        const sizes = frames.filter(({ from }) => from === role).map(({ data }) => 12 + data.length)

        expect(sizes.reduce((a, b) => a + b, 0)).toBe(plain[role].bytes.length)
      }
    })

    it('in that the dialer opens streams with odd IDs, and the listener with even', () => {
      const { streams } = recording().session

      expect(streams.filter(({ opener }) => opener === 'dialer').map(({ id }) => id % 2)).toEqual(expect.arrayContaining([1]))
      expect(streams.filter(({ opener }) => opener === 'listener').map(({ id }) => id % 2)).toEqual(expect.arrayContaining([0]))
      expect(streams.filter(({ id, opener }) => (id % 2 === 1) !== (opener === 'dialer'))).toEqual([])
    })

    it('in that pings and go aways, and they alone, have the stream ID 0', () => {
      const { frames } = recording().session

      expect(frames.filter(({ type, stream }) => (type >= TYPE.ping) !== (stream === 0))).toEqual([])
    })

    it.each(ROLES)('in that each ping of the %s is answered with ACK and its value', (role) => {
      const pings = recording().session.frames.filter(({ type }) => type === TYPE.ping)
      const asked = pings.filter((frame) => frame.from === role && has(frame, FLAG.syn))
      const answers = pings.filter((frame) => frame.from !== role && has(frame, FLAG.ack))

      expect(asked.length).toBeGreaterThan(0)
      expect(answers.map(({ length }) => length)).toEqual(asked.map(({ length }) => length))
    })
  })

  describe('follow yamux, "Opening a stream",', () => {
    it('in that the first frame of a stream, and no other, has SYN', () => {
      for (const stream of recording().session.streams) {
        expect(flagged(stream, stream.opener, FLAG.syn), `stream ${stream.id}`).toEqual([stream.frames.find(({ from }) => from === stream.opener)])
        expect(flagged(stream, other(stream.opener), FLAG.syn)).toEqual([])
      }
    })

    it('in that the other side answers once with ACK, in its first frame', () => {
      const { streams } = recording().session

      for (const stream of streams) {
        const answers = stream.frames.filter(({ from }) => from !== stream.opener)

        expect(flagged(stream, other(stream.opener), FLAG.ack), `stream ${stream.id}`).toEqual(answers.slice(0, 1))
        expect(flagged(stream, stream.opener, FLAG.ack)).toEqual([])
      }
    })
  })

  describe('follow yamux, "Closing a stream",', () => {
    it('in that nobody sends data, or a second FIN, after FIN', () => {
      expect(late(recording().session, FLAG.fin).filter((frame) => frame.data.length > 0 || has(frame, FLAG.fin))).toEqual([])
    })

    it('in that nobody sends anything after RST', () => {
      expect(late(recording().session, FLAG.rst)).toEqual([])
    })

    it.each(ROLES)('in that an echo that the %s asked for ends with one FIN from either side', (role) => {
      const [stream] = recording().session.streamsFor(role, ECHO)

      expect(stream == null ? [] : ROLES.map((from) => flagged(stream, from, FLAG.fin).length)).toEqual([1, 1])
    })
  })

  describe('follow yamux, "Flow Control",', () => {
    it.each(ROLES)('in that the %s never sends more than the window that it has been given', (role) => {
      const { streams } = recording().session

      expect(streams.filter((stream) => leastWindow(stream, role) < 0).map(({ id }) => id)).toEqual([])
    })

    it.each(ROLES)('in that the %s needs more than the first window, and is given it', (role) => {
      const echoes = ROLES.flatMap((opener) => recording().session.streamsFor(opener, ECHO))
      expect(echoes.map(({ sent, answered }) => [sent.length, answered.length])).toEqual([[ECHOED_BYTES, ECHOED_BYTES], [ECHOED_BYTES, ECHOED_BYTES]])
      expect(Math.min(...echoes.map((stream) => windowGiven(stream, role)))).toBeGreaterThan(ECHOED_BYTES - INITIAL_WINDOW)
    })
  })

  describe('follow yamux, "Session termination",', () => {
    it('in that we send a go away when we close, with code 0', () => {
      const { session, ours } = recording()
      const goAways = session.frames.filter(({ type }) => type === TYPE.goAway)

      expect(goAways.filter(({ from }) => from === ours).map(({ length, flags }) => [length, flags])).toEqual([[0, 0]])
      expect(goAways.filter(({ length }) => length !== 0)).toEqual([])
    })
  })

  describe('follow connections, "Opening New Streams Over a Connection",', () => {
    it('in that each stream begins with multistream-select on both sides', () => {
      const { streams } = recording().session

      for (const { id, proposals, answers } of streams) {
        expect([proposals[0], answers[0]], `stream ${id}`).toEqual(['/multistream/1.0.0', '/multistream/1.0.0'])
      }
    })

    it('in that a protocol that is spoken is answered by its name', () => {
      const { session } = recording()

      for (const protocol of [IDENTIFY, PING, ECHO]) {
        for (const { answers } of ROLES.flatMap((role) => session.streamsFor(role, protocol))) {
          expect(answers).toEqual(['/multistream/1.0.0', protocol])
        }
      }
    })

    it.each(ROLES)('in that a protocol that nobody speaks is answered by na when the %s asks', (role) => {
      const { session } = recording()
      const streams = session.streamsFor(role, NOBODYS)

      expect(streams.map(({ answers, answered }) => [answers, answered.length])).toEqual([[['/multistream/1.0.0', 'na'], 0]])
    })
  })

  describe('follow ping, "Protocol",', () => {
    it.each(ROLES)('in that the %s sends 32 bytes at a time, and gets the same bytes back', (role) => {
      const streams = recording().session.streamsFor(role, PING)

      expect(streams.length).toBeGreaterThan(0)

      for (const { id, sent, answered } of streams) {
        expect(sent.length % PING_BYTES, `stream ${id}`).toBe(0)
        expect(answered.length).toBeGreaterThanOrEqual(PING_BYTES)
        expect(sent.subarray(0, answered.length)).toEqual(answered)
      }
    })
  })
})
