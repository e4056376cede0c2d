import type { MultiaddrConnection } from '@libp2p/interface'

interface Closable {
  close (): void
}

/**
 * Makes a WebSocket end when its connection is aborted. @libp2p/websockets closes it with the code 1006,
 * which nobody may send (RFC 6455, section 7.4.1): the call throws, and the socket stays open on both
 * sides. Other connections are left as they are.
 */
export function endOnAbort (maConn: MultiaddrConnection): MultiaddrConnection {
  const websocket = webSocketOf(maConn)

  if (websocket != null) {
    maConn.addEventListener('close', ({ error }) => {
      if (error != null) {
        websocket.close()
      }
    })
  }

  return maConn
}

function webSocketOf (maConn: MultiaddrConnection): Closable | undefined {
  const websocket = 'websocket' in maConn ? maConn.websocket as Partial<Closable> | undefined : undefined

  return typeof websocket?.close === 'function' ? websocket as Closable : undefined
}
