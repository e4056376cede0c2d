import { toError } from '../base/index.ts'
import { resolveConnection } from './connection-options.ts'
import { createMuxProvider, NodeLink, WebLink } from './providers/index.ts'
import { createSession } from './session/index.ts'
import type { ByteLink, CallOptions, ConnectionOptions, Session, SessionInit } from './contract/index.ts'
import type { WebStreamPair } from './providers/index.ts'
import type { Duplex, Readable, Writable } from 'node:stream'

/** Anything that carries bytes both ways. */
export type DuplexLike =
  | Duplex
  | WebStreamPair
  | { readonly readable: Readable, readonly writable: Writable }

export interface OverDuplexOptions extends SessionInit, Partial<ConnectionOptions>, CallOptions {
  /** Whether this side began the connection; the two sides have to differ. */
  isInitiator: boolean
  /** For messages and logs: who is at the other end. @default 'duplex:' */
  remoteAddress?: string | undefined
}

/**
 * A session over whatever carries bytes both ways: a socket, the pipes of a child process, standard input and output,
 * a WebTransport stream. The streams are the session's from here on.
 *
 * @throws CodedError ConnectFailed, ProtocolViolation when the other side speaks something else; TypeError for what
 * carries no bytes; the signal's reason
 */
export async function overDuplex (duplex: DuplexLike, options: OverDuplexOptions): Promise<Session> {
  const { isInitiator, remoteAddress = 'duplex:', signal } = options

  if (typeof isInitiator !== 'boolean') {
    throw new TypeError(`isInitiator must be true on one side and false on the other, received ${String(isInitiator)}`)
  }

  const resolved = resolveConnection(options)
  const provider = await createMuxProvider(linkOf(duplex), { ...resolved, name: 'duplex', remoteAddress, isInitiator, signal })

  if (signal?.aborted === true) {
    // it came too late: nobody would close it
    provider.abort(toError(signal.reason))
    throw signal.reason
  }

  return createSession(provider, options)
}

function linkOf (duplex: unknown): ByteLink {
  if (isReadable(duplex) && isWritable(duplex)) {
    if ('setNoDelay' in duplex && typeof duplex.setNoDelay === 'function') {
      duplex.setNoDelay(true) // the muxer gathers what may wait
    }

    return new NodeLink(duplex as Duplex)
  }

  if (isPair(duplex)) {
    const { readable, writable } = duplex

    if (isReadable(readable) && isWritable(writable)) {
      return new NodeLink(readable, writable)
    }

    if (has(readable, 'getReader') && has(writable, 'getWriter')) {
      return new WebLink({ readable, writable } as unknown as WebStreamPair)
    }
  }

  throw new TypeError(`a session needs a Duplex, or a pair { readable, writable } of streams, both of Node or both of the web, received ${String(duplex)}`)
}

function isPair (value: unknown): value is { readable: unknown, writable: unknown } {
  return typeof value === 'object' && value != null && 'readable' in value && 'writable' in value
}

function isReadable (value: unknown): value is Readable {
  return has(value, 'on') && has(value, 'pipe') && has(value, 'resume')
}

function isWritable (value: unknown): value is Writable {
  return has(value, 'on') && has(value, 'write') && has(value, 'cork')
}

function has (value: unknown, method: string): value is Record<string, unknown> {
  return typeof value === 'object' && value != null && method in value && typeof (value as Record<string, unknown>)[method] === 'function'
}
