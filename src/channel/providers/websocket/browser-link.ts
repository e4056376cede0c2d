import { after } from '../../../base/index.ts'
import { HIGH_WATER_BYTES } from './protocol.ts'
import { WebSocketLink } from './websocket-link.ts'
import type { Clock, Timer } from '../../../base/index.ts'
import type { ByteLink } from '../../contract/index.ts'

/** A browser tells nobody when bytes have left, so one has to look. */
const POLL_MS = 4

/** The browser must be left something to send while we do not look. */
const BROWSER_HIGH_WATER_BYTES = 4 * HIGH_WATER_BYTES

/** Pages may not say the codes of RFC 6455 but 1000; those from 3000 on are theirs, so 1002 becomes 4002. */
const APPLICATION_CODES = 3000

/**
 * The byte pipe in an open WebSocket of the web platform.
 *
 * What comes cannot be held back: while the link is paused it waits here, as much as the windows of the multiplexer
 * let the other side send. What leaves is counted with `bufferedAmount`.
 */
export function browserLink (webSocket: WebSocket, clock: Clock): ByteLink {
  let timer: Timer | undefined

  const look = (): void => {
    timer?.[Symbol.dispose]()
    timer = undefined

    if (webSocket.bufferedAmount < BROWSER_HIGH_WATER_BYTES) {
      link.makeRoom()
    } else {
      timer = after(clock, POLL_MS, look)
    }
  }

  const link = new WebSocketLink({
    send: (pieces, byteLength) => {
      webSocket.send(join(pieces, byteLength))

      if (webSocket.bufferedAmount < BROWSER_HIGH_WATER_BYTES) {
        return true
      }

      timer ??= after(clock, POLL_MS, look)

      return false
    },
    pause: () => {},
    resume: () => {},
    close: (code, reason) => { webSocket.close(code, reason) },
    terminate: (code, reason) => {
      timer?.[Symbol.dispose]()
      webSocket.close(code + APPLICATION_CODES, reason)
    }
  })

  webSocket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (!(data instanceof ArrayBuffer)) {
      link.receiveText()
      return
    }

    link.receive(new Uint8Array(data))

    // timers of pages in the background come once a second; messages come in time
    if (timer != null) {
      look()
    }
  })

  webSocket.addEventListener('close', ({ code, reason }) => {
    timer?.[Symbol.dispose]()
    link.finish({ code, reason })
  })

  return link
}

/** Nothing of ours is in shared memory. */
function join (pieces: readonly Uint8Array[], byteLength: number): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) {
    return pieces[0] as Uint8Array<ArrayBuffer>
  }

  const whole = new Uint8Array(byteLength)
  let end = 0

  for (const piece of pieces) {
    whole.set(piece, end)
    end += piece.byteLength
  }

  return whole
}
