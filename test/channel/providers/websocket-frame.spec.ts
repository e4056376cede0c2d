import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { clientFrame, secureKeys } from '../../../src/channel/providers/websocket/client-frame.ts'
import { count } from './link-recorder.ts'
import type { Writable } from 'node:stream'

/** The parser of `ws`, which its types leave out. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

/** What `ws` makes of frames of a client. */
function receive (frames: Uint8Array[]): Buffer[] {
  const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true })
  const messages: Buffer[] = []

  receiver.on('message', (message: Buffer) => { messages.push(message) })

  for (const frame of frames) {
    // the receiver unmasks in place
    receiver.write(Buffer.from(frame))
  }

  return messages
}

describe('a WebSocket frame of a client', () => {
  it('is that of RFC 6455 5.7', () => {
    // "Hello" masked with 37 fa 21 3d, binary instead of text
    const key = new Uint32Array(Uint8Array.of(0x37, 0xFA, 0x21, 0x3D).buffer)[0] ?? 0
    const frame = clientFrame([new TextEncoder().encode('Hello')], 5, () => key)

    expect(Buffer.from(frame).toString('hex')).toBe('828537fa213d7f9f4d5158')
  })

  it.each([1, 125, 126, 127, 65_535, 65_536, 100_001])('carries %i bytes', (byteLength) => {
    const bytes = count(0, byteLength)

    const [message] = receive([clientFrame([bytes], byteLength, secureKeys())])

    expect(message?.equals(bytes)).toBe(true)
  })

  it('carries any pieces as one message, and leaves them as they were', () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 9 }), fc.nat(0xFFFF_FFFF), (pieces, key) => {
      const before = Buffer.concat(pieces)

      const messages = receive([clientFrame(pieces, before.byteLength, () => key)])

      expect(messages).toHaveLength(1)
      expect(messages[0]?.equals(before)).toBe(true)
      expect(Buffer.concat(pieces).equals(before)).toBe(true)
    }))
  })

  it('has another key each time', () => {
    const draw = secureKeys()
    const keys = new Set(Array.from({ length: 5000 }, draw))

    // two of 5,000 are the same once in 340 times
    expect(keys.size).toBeGreaterThan(4990)
  })
})
