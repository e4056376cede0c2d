import { clientFrame, secureKeys } from './client-frame.ts'
import { HIGH_WATER_BYTES } from './protocol.ts'
import { WebSocketLink } from './websocket-link.ts'
import type { ByteLink } from '../../contract/index.ts'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

const NOTHING = new Uint8Array(0)

/** Writes one message, whole, before it returns. */
type WriteMessage = (pieces: readonly Uint8Array[], byteLength: number) => void

/** The byte pipe in a WebSocket that a server accepted. */
export function serverLink (webSocket: WebSocket, socket: Duplex): ByteLink {
  return nodeLink(webSocket, socket, ([first = NOTHING, ...more], byteLength) => {
    webSocket.send(more.length === 0 ? first : Buffer.concat([first, ...more], byteLength))
  })
}

/**
 * The byte pipe in a WebSocket that a client has open. Messages go past `ws`, which writes what it has to say itself,
 * such as pongs, whole and at once too.
 */
export function clientLink (webSocket: WebSocket, socket: Duplex): ByteLink {
  const drawKey = secureKeys()

  return nodeLink(webSocket, socket, (pieces, byteLength) => {
    // nothing may follow a close frame, which `ws` has sent when the other side began to close
    if (webSocket.readyState === webSocket.OPEN) {
      socket.write(clientFrame(pieces, byteLength, drawKey))
    }
  })
}

/** The socket beneath knows when there is room. */
function nodeLink (webSocket: WebSocket, socket: Duplex, writeMessage: WriteMessage): ByteLink {
  const link = new WebSocketLink({
    send: (pieces, byteLength) => {
      writeMessage(pieces, byteLength)

      // the socket says `drain` from its own, lower mark on
      return webSocket.bufferedAmount < HIGH_WATER_BYTES || !socket.writableNeedDrain
    },
    pause: () => { webSocket.pause() },
    resume: () => { webSocket.resume() },
    close: (code, reason) => { webSocket.close(code, reason) },
    terminate: (code, reason) => {
      // leaves at once, unless something waits already, which is not waited for
      webSocket.close(code, reason)
      webSocket.terminate()
    }
  })

  let cause: Error | undefined

  webSocket.pause()
  webSocket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      link.receive(data)
    } else {
      link.receiveText()
    }
  })
  webSocket.on('error', (error) => { cause = error })
  webSocket.on('close', (code, reason) => { link.finish({ code, reason: String(reason), cause }) })
  socket.on('drain', () => { link.makeRoom() })

  return link
}
