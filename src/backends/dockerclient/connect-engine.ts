import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Deadline, toError } from '../../base/index.ts'
import { dockerUrl } from '../docker-url.ts'
import { unavailable } from './engine-error.ts'
import type { EngineAddress } from './client-options.ts'
import type { Clock } from '../../base/index.ts'
import type { Socket } from 'node:net'

/** Until an engine has taken a connection. */
export const CONNECT_TIMEOUT_MS = 10_000

/** How long a connection may be silent before its other side is asked whether it is there still. */
const PROBE_AFTER_MS = 30_000

export interface ConnectOptions {
  clock: Clock
  signal: AbortSignal
}

/** A connection of its own, whose directions end apart. @throws ServiceError Unavailable; the signal's reason */
export async function connectEngine (address: EngineAddress, { clock, signal }: ConnectOptions): Promise<Socket> {
  const url = dockerUrl(address)

  using deadline = new Deadline({
    clock,
    signal,
    timeoutMs: CONNECT_TIMEOUT_MS,
    onTimeout: () => unavailable(`the engine at ${url} did not take a connection within ${CONNECT_TIMEOUT_MS} ms`)
  })

  deadline.signal.throwIfAborted()

  const socket = open(address)

  try {
    await once(socket, address.kind === 'tcp' && address.tls != null ? 'secureConnect' : 'connect', { signal: deadline.signal })
  } catch (thrown) {
    socket.on('error', () => {}).destroy()
    deadline.signal.throwIfAborted()
    throw unavailable(`cannot reach the engine at ${url}: ${toError(thrown).message}; is it running?`, thrown)
  }

  socket.on('error', () => {}) // who reads or writes is told; between them nobody is

  if (address.kind === 'tcp') {
    socket.setNoDelay().setKeepAlive(true, PROBE_AFTER_MS)
  }

  return socket
}

function open (address: EngineAddress): Socket {
  if (address.kind === 'unix') {
    return connect({ path: address.path, allowHalfOpen: true })
  }

  const { host, port, tls } = address

  if (tls == null) {
    return connect({ host, port, allowHalfOpen: true })
  }

  // types do not know that TLS has half-open connections, too
  const options = {
    host,
    port,
    allowHalfOpen: true,
    rejectUnauthorized: tls.isVerified,
    ...tls.ca == null ? {} : { ca: tls.ca },
    ...tls.cert == null ? {} : { cert: tls.cert },
    ...tls.key == null ? {} : { key: tls.key }
  }

  return connectTls(options)
}
