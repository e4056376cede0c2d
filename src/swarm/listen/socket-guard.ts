import { Server } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { SharedTimeout, TransientMap } from '../../base/index.ts'
import { socketOf } from '../../tcp/index.ts'
import type { Clock, Pending } from '../../base/index.ts'
import type { Listener, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import type { Socket } from 'node:net'

export interface SocketGuardInit {
  clock: Clock
  upgrader: Upgrader
  /** From accepting a socket to the beginning of its upgrade. */
  timeoutMs: number
  /** Sockets whose upgrade has not begun; more are turned away. */
  maxWaiting: number
}

interface Waiting extends Pending {
  socket: Socket
  server: Server
  /** The other end. */
  host: string | undefined
  port: string
  onClose(): void
}

/** What a server puts before an IPv4 address that came in over IPv6. */
const MAPPED_PREFIX = '::ffff:'

/**
 * Hangs up on those who connect and get no further. What a transport does before it has something to
 * upgrade, as reading an HTTP request, is bounded by nobody else: the WebSocket transport waits for the
 * first byte for ever, and cannot even close while somebody lets it wait.
 *
 * It sees the sockets of listeners that show their `net.Server` as `server`, as those of TCP and
 * WebSocket do.
 */
export class SocketGuard {
  readonly #init: SocketGuardInit
  readonly #timeout: SharedTimeout
  readonly #waiting = new TransientMap<Socket, Waiting>()

  constructor (init: SocketGuardInit) {
    this.#init = init
    this.#timeout = new SharedTimeout(init.clock, init.timeoutMs)
  }

  /** For `createListener`: with the beginning of its upgrade, a socket is in the hands of the upgrader. */
  get upgrader (): Upgrader {
    return new Proxy(this.#init.upgrader, {
      get: (upgrader, name) => name === 'upgradeInbound'
        ? async (...[maConn, options]: Parameters<Upgrader['upgradeInbound']>) => this.#upgradeInbound(maConn, options)
        : Reflect.get(upgrader, name) as unknown
    })
  }

  /** Looks after the sockets that this listener accepts. Call it before it listens. */
  watch (listener: Listener): void {
    const server = serverOf(listener)

    // first of all who listen: a transport may begin the upgrade in the same call
    server?.prependListener('connection', (socket: Socket) => { this.#onSocket(socket, server) })
  }

  /** Hangs up on those that wait, so that their listener can close. */
  drop (listener: Listener): void {
    const server = serverOf(listener)

    for (const waiting of [...this.#waiting.values()]) {
      if (waiting.server === server) {
        waiting.socket.destroy()
      }
    }
  }

  #onSocket (socket: Socket, server: Server): void {
    if (this.#waiting.size + 1 > this.#init.maxWaiting) {
      socket.destroy()
      return
    }

    const waiting: Waiting = {
      socket,
      server,
      host: hostOf(socket.remoteAddress),
      port: String(socket.remotePort),
      onTimeout: () => { socket.destroy() },
      onClose: () => { this.#release(waiting) }
    }

    this.#waiting.set(socket, waiting)
    this.#timeout.add(waiting)
    socket.once('close', waiting.onClose)
  }

  async #upgradeInbound (...[maConn, options]: Parameters<Upgrader['upgradeInbound']>): Promise<void> {
    const waiting = this.#find(maConn)

    if (waiting != null) {
      this.#release(waiting)
    }

    try {
      await this.#init.upgrader.upgradeInbound(maConn, options)
    } catch (error) {
      // a WebSocket would say goodbye first, and wait for the answer
      waiting?.socket.destroy()
      throw error
    }
  }

  /** Not every transport shows its socket, and they write one host in several ways; its port is good enough then. */
  #find (maConn: MultiaddrConnection): Waiting | undefined {
    const ours = socketOf(maConn)

    if (ours != null) {
      return this.#waiting.get(ours)
    }

    const [host, transport] = maConn.remoteAddr.getComponents()
    const candidates = [...this.#waiting.values()].filter(({ port }) => transport?.name === 'tcp' && port === transport.value)

    return candidates.find((candidate) => candidate.host === hostOf(host?.value)) ?? candidates.at(0)
  }

  /** Nothing of it is left with a socket that may live for months. */
  #release (waiting: Waiting): void {
    this.#waiting.delete(waiting.socket)
    this.#timeout.delete(waiting)
    waiting.socket.off('close', waiting.onClose)
  }
}

/** What accepts the sockets of a listener, if it shows that. */
export function serverOf (listener: Listener): Server | undefined {
  return 'server' in listener && listener.server instanceof Server ? listener.server : undefined
}

/** An IP address in the one spelling that multiaddrs have; undefined for none, as that of a unix socket. */
function hostOf (text: string | undefined): string | undefined {
  const [address = ''] = (text ?? '').split('%')
  const unmapped = address.startsWith(MAPPED_PREFIX) && address.includes('.') ? address.slice(MAPPED_PREFIX.length) : address

  return unmapped.includes(':') ? multiaddr(`/ip6/${unmapped}`).getComponents()[0]?.value : unmapped || undefined
}
