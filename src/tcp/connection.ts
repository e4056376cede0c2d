import { SocketStream } from './socket-stream.ts'
import type { SocketStreamInit } from './socket-stream.ts'
import type { MessageStream, MultiaddrConnection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Socket } from 'node:net'

export interface TcpConnectionInit extends SocketStreamInit {
  remoteAddr: Multiaddr
  /** Milliseconds; 0 and `Infinity` are never. */
  inactivityTimeout: number
}

/** A connection over TCP or a unix socket. */
export class TcpConnection extends SocketStream implements MultiaddrConnection {
  readonly remoteAddr: Multiaddr
  readonly socket: Socket
  /** What reads and writes the socket in our place. */
  #wrapper: Socket | undefined
  #inactivityTimeout = 0

  constructor ({ remoteAddr, inactivityTimeout, ...init }: TcpConnectionInit) {
    super(init)
    this.remoteAddr = remoteAddr
    this.socket = init.socket
    this.inactivityTimeout = inactivityTimeout
  }

  /** Milliseconds without a byte in either direction, after which the connection is aborted; 0 and `Infinity` are never. */
  get inactivityTimeout (): number {
    return this.#inactivityTimeout
  }

  set inactivityTimeout (ms: number) {
    this.#inactivityTimeout = ms
    this.socket.setTimeout(ms === Infinity ? 0 : ms)
  }

  /**
   * Lets `wrap` put something over the socket, as a TLSSocket, that reads and writes from then on. It
   * begins with the bytes that nobody has read. Our end is that of the socket and of its wrapper.
   */
  handOver<Wrapper extends Socket> (wrap: (socket: Socket) => Wrapper): Wrapper {
    const unread: Uint8Array[] = []

    this.detach((bytes) => { unread.push(bytes.subarray()) })

    this.socket.unshift(Buffer.concat(unread))

    const wrapper = wrap(this.socket)

    wrapper.on('end', () => { this.onRemoteEnd() })
    wrapper.on('error', (error) => { this.endWith(error, { isLocal: false }) })
    this.#wrapper = wrapper

    return wrapper
  }

  protected override endSocket (socket: Socket): void {
    super.endSocket(this.#wrapper ?? socket)
  }

  /** Unix sockets know no reset, and libuv none after an end was begun. */
  protected override resetSocket (): void {
    const { socket } = this
    const isEnding = socket.writableEnded || this.#wrapper?.writableEnded === true

    if (isEnding || socket.remoteAddress == null) {
      socket.destroy()
    } else {
      socket.resetAndDestroy()
    }
  }
}

/** The socket beneath a connection of this transport; undefined for any other stream. */
export function socketOf (stream: MessageStream): Socket | undefined {
  return stream instanceof TcpConnection ? stream.socket : undefined
}

/**
 * Puts a wrapper, as a TLSSocket, straight over the socket of a connection of this transport, which is
 * then its to read and to write; the connection still ends as the socket does. Undefined when `stream`
 * has to be used as any other stream: where there is no socket, where it has more to write, and where
 * somebody counts the bytes by wrapping the methods of the stream, as metrics do.
 */
export function wrapSocket<Wrapper extends Socket> (stream: MessageStream, wrap: (socket: Socket) => Wrapper): Wrapper | undefined {
  const isWatched = Object.hasOwn(stream, 'send') || Object.hasOwn(stream, 'dispatchEvent')

  if (!(stream instanceof TcpConnection) || isWatched || stream.status !== 'open' || stream.socket.writableLength > 0) {
    return undefined
  }

  return stream.handOver(wrap)
}
