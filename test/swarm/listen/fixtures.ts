import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { transportSymbol } from '@libp2p/interface'
import { defaultLogger } from '@libp2p/logger'
import { memory } from '@libp2p/memory'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { TypedEventEmitter } from 'main-event'
import { ListenerSet } from '../../../src/swarm/listen/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { ListenerSetInit } from '../../../src/swarm/listen/index.ts'
import type { Libp2pEvents, Listener, ListenerEvents, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { AddressInfo, Server } from 'node:net'

const logger = defaultLogger()

/** Refuses every connection. */
export const upgrader = {
  upgradeInbound: async () => { throw new Error('refused') }
} as unknown as Upgrader

export function realTransports (): Transport[] {
  const peerId = peerIdFromString('12D3KooWJ8P8wjyVoDShMrfYNjEBs1vkZmFjRHnvNNrFAoXfBTTu')

  return [
    tcp()({ logger }),
    webSockets()({ logger, events: new TypedEventEmitter<Libp2pEvents>() }),
    memory()({ logger, peerId })
  ]
}

export interface Fixture extends AsyncDisposable {
  set: ListenerSet
  clock: FakeClock
  /** What the callbacks were told, as 'listen /memory/a'. */
  told: string[]
  /** The errors that came with `listenClose` and `error`. */
  errors: Error[]
  changes(): number
}

/** A listener set whose callbacks are written down; it is closed at the end of the test. */
export function listenerSet (transports: Transport[] = realTransports(), init: Partial<ListenerSetInit> = {}): Fixture {
  const clock = new FakeClock()
  const told: string[] = []
  const errors: Error[] = []
  let changes = 0

  const set = new ListenerSet({
    transportForListening: (address) => transports.find((transport) => transport.listenFilter([address]).length > 0),
    upgrader,
    clock,
    log: logger.forComponent('test:listen'),
    onListen: (address) => { told.push(`listen ${address.toString()}`) },
    onListenClose: (address, error) => {
      told.push(`listenClose ${address.toString()}`)
      errors.push(...(error == null ? [] : [error]))
    },
    onError: (address, error) => {
      told.push(`error ${address.toString()}`)
      errors.push(error)
    },
    onAddressesChanged: () => { changes++ },
    ...init
  })

  return { set, clock, told, errors, changes: () => changes, [Symbol.asyncDispose]: async () => { await set.close() } }
}

/** A listener that does what the test says. */
export class ScriptedListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  addresses: Multiaddr[] = []
  closes = 0
  onListen: (address: Multiaddr) => Promise<void> = async (address) => { this.addresses = [address] }
  onClose: () => Promise<void> = async () => {}

  async listen (address: Multiaddr): Promise<void> {
    await this.onListen(address)
  }

  async close (): Promise<void> {
    this.closes++
    await this.onClose()
    this.addresses = []
  }

  getAddrs (): Multiaddr[] {
    return this.addresses
  }

  updateAnnounceAddrs (): void {}

  fail (error: Error): void {
    this.safeDispatchEvent('error', { detail: error })
  }

  say (event: 'listening' | 'close'): void {
    this.safeDispatchEvent(event)
  }
}

/** A transport for any address; the test prepares each listener that it makes. */
export function scriptedTransport (prepare: (listener: ScriptedListener, index: number) => void = () => {}): Transport & { made: ScriptedListener[] } {
  const made: ScriptedListener[] = []

  return {
    made,
    [Symbol.toStringTag]: 'scripted',
    [transportSymbol]: true,
    listenFilter: (addresses) => addresses,
    dialFilter: () => [],
    dial: async () => { throw new Error('it only listens') },
    createListener: () => {
      const listener = new ScriptedListener()

      made.push(listener)
      prepare(listener, made.length - 1)

      return listener
    }
  }
}

export function addrs (...texts: string[]): Multiaddr[] {
  return texts.map((text) => multiaddr(text))
}

export function texts (addresses: readonly Multiaddr[]): string[] {
  return addresses.map((address) => address.toString())
}

export function portOf (address: Multiaddr | undefined): number {
  return Number(address?.getComponents().find(({ name }) => name === 'tcp')?.value)
}

/** A port of 127.0.0.1 that somebody else listens on, until disposed of. */
export async function occupiedPort (): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(0, '127.0.0.1')

  await once(server, 'listening')

  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => { await end(server) } }
}

export async function end (server: Server): Promise<void> {
  const closed = once(server, 'close')

  server.close()
  await closed
}

/** The socket server inside a listener of `@libp2p/tcp`. */
export function serverOf (listener: Listener | undefined): Server {
  return (listener as unknown as { server: Server }).server
}

/** Whether somebody listens there. */
export async function answers (host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })

  try {
    await once(socket, 'connect')

    return true
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ECONNREFUSED':
        return false
      case 'ECONNRESET':
        // the refusal of the upgrader came before the news of the connection
        return true
      default:
        throw error
    }
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}
