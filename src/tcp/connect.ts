import { connect as connectSocket } from 'node:net'
import type { Endpoint } from './address.ts'
import type { TcpSocketOptions } from './options.ts'
import type { Socket } from 'node:net'

/**
 * A connected socket. Unlike Node, it forgets the signal then.
 *
 * @throws what the operating system says, with its `code`; the signal's reason
 */
export async function connect (endpoint: Endpoint, options: TcpSocketOptions, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()

  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connectSocket({ ...endpoint, ...options })
  const onAbort = (): void => { reject(signal.reason) }

  socket.on('connect', resolve)
  socket.on('error', reject)
  signal.addEventListener('abort', onAbort)

  try {
    await promise
    socket.off('error', reject)

    return socket
  } catch (thrown) {
    socket.destroy() // and `reject` stays: whatever else goes wrong with it, nobody is told
    throw thrown
  } finally {
    socket.off('connect', resolve)
    signal.removeEventListener('abort', onAbort)
  }
}
