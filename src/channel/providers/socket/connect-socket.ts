import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { CodedError, Deadline } from '../../../base/index.ts'
import { tlsClientOptions } from '../http/tls-options.ts'
import { connectFailed } from './connect-failure.ts'
import { socketAddress } from './socket-address.ts'
import type { SocketAddress } from './socket-address.ts'
import type { TransportOptions } from '../../contract/index.ts'
import type { Socket } from 'node:net'

export type ConnectSocketOptions = Pick<TransportOptions, 'clock' | 'handshakeTimeoutMs' | 'tls'> & { readonly signal: AbortSignal }

/**
 * A socket that is connected to where `url` says: a path for `unix:`, otherwise a host and a port. With TLS,
 * the other side's certificate has been checked.
 *
 * @throws CodedError ConnectFailed with the cause, InvalidAddress; the signal's reason
 */
export async function connectSocket (url: URL, { withTls, ...options }: ConnectSocketOptions & { withTls: boolean }): Promise<Socket> {
  const address = socketAddress(url)
  const { clock, handshakeTimeoutMs: timeoutMs, signal } = options

  signal.throwIfAborted()
  assertConnectable(url, address)

  const deadline = new Deadline({
    clock,
    timeoutMs,
    signal,
    onTimeout: () => new CodedError('ConnectFailed', `cannot connect to ${url.href}: no answer within ${timeoutMs} ms: is it there, and does a firewall let you pass?`)
  })
  const how = { ...address, allowHalfOpen: true }
  const socket = withTls ? connectTls({ ...tlsClientOptions(options.tls), ...how }) : connectTcp(how)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => { reject(deadline.signal.reason) }

  // for ever: an error that comes before the next one listens must not be thrown at the process
  socket.on('error', (error) => { reject(connectFailed(url, error)) })
  socket.on('close', () => { reject(connectFailed(url, new Error('the other side hung up'))) })
  socket.once(withTls ? 'secureConnect' : 'connect', resolve)
  deadline.signal.addEventListener('abort', onAbort, { once: true })

  try {
    await promise

    return socket
  } catch (thrown) {
    socket.destroy()
    throw thrown
  } finally {
    deadline[Symbol.dispose]()
    deadline.signal.removeEventListener('abort', onAbort)
  }
}

function assertConnectable (url: URL, address: SocketAddress): void {
  if ('port' in address && address.port === 0) {
    throw new CodedError('InvalidAddress', `${url.href} has port 0, which is no port to connect to: use the url of the listener`)
  }
}
