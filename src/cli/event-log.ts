import { printable } from './style.ts'
import type { Facts } from './output.ts'
import type { CloseReason, Connection, Stream, Swarm } from '../index.ts'

export type Tell = (event: string, facts: Facts, text: string) => void

/** Tells of connections, streams and errors of a swarm as they come and go. */
export function followEvents (swarm: Swarm, tell: Tell): void {
  swarm.notify({
    connected: (connection) => { tellConnected(connection, tell) },
    disconnected: (connection, reason) => { tellDisconnected(connection, reason, tell) },
    closedStream: (stream) => { tellStream(stream, tell) }
  })

  swarm.addEventListener('error', ({ detail: { during, error, connection } }) => {
    const peer = connection?.remotePeer.toString()

    tell('trouble', { during, message: error.message, ...(peer == null ? {} : { peer }) }, printable(`! ${during}: ${error.message}${peer == null ? '' : ` (${peer})`}`))
  })
}

function tellConnected (connection: Connection, tell: Tell): void {
  const { remotePeer, remoteAddr, direction, encryption, multiplexer } = connection
  const from = direction === 'inbound' ? 'from' : 'to'

  tell('connected', {
    peer: remotePeer.toString(),
    address: remoteAddr.toString(),
    direction,
    encryption: encryption ?? null,
    multiplexer
  }, printable(`+ ${remotePeer.toString()} connected ${from} ${remoteAddr.toString()} (${encryption ?? 'not encrypted'}, ${multiplexer})`))
}

function tellDisconnected ({ remotePeer }: Connection, { code, by, error }: CloseReason, tell: Tell): void {
  tell('disconnected', {
    peer: remotePeer.toString(),
    reason: code,
    by,
    ...(error == null ? {} : { message: error.message })
  }, printable(`- ${remotePeer.toString()} disconnected: ${code} by ${by === 'local' ? 'us' : 'the peer'}`))
}

function tellStream (stream: Stream, tell: Tell): void {
  const { protocol, direction, bytesRead, bytesWritten } = stream.stat()
  const peer = stream.connection.remotePeer.toString()
  const by = direction === 'inbound' ? 'opened by' : 'opened to'

  tell('stream', { peer, protocol, direction, bytesRead, bytesWritten }, printable(`  stream ${protocol} ${by} ${peer} ended, ${bytesRead} bytes in, ${bytesWritten} bytes out`))
}
