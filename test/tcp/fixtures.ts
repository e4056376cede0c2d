import { once } from 'node:events'
import { defaultLogger } from '@libp2p/logger'
import { multiaddr } from '@multiformats/multiaddr'
import { socketOf, tcp } from '../../src/tcp/index.ts'
import type { TcpInit, TcpTransport } from '../../src/tcp/index.ts'
import type { Listener, MessageStream, MultiaddrConnection, StreamCloseEvent, Transport, Upgrader } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Socket } from 'node:net'

export const LOOPBACK = multiaddr('/ip4/127.0.0.1/tcp/0')
export const never = new AbortController().signal

export function transport (init?: TcpInit): TcpTransport {
  return tcp(init)({ logger: defaultLogger() })
}

/** An upgrader that leaves connections as they are, and keeps those that came in. */
export class Door {
  readonly accepted: MultiaddrConnection[] = []
  readonly upgrader = {
    upgradeInbound: async (connection: MultiaddrConnection) => { this.#accept(connection) },
    upgradeOutbound: async (connection: MultiaddrConnection) => connection
  } as unknown as Upgrader

  #onAccept: (() => void) | undefined

  /** The `n`th that came in. */
  async inbound (n = 0): Promise<MultiaddrConnection> {
    for (;;) {
      const connection = this.accepted[n]

      if (connection != null) {
        return connection
      }

      await new Promise<void>((resolve) => { this.#onAccept = resolve })
    }
  }

  #accept (connection: MultiaddrConnection): void {
    this.accepted.push(connection)
    this.#onAccept?.()
  }
}

export interface Ends extends AsyncDisposable {
  dialled: MultiaddrConnection
  accepted: MultiaddrConnection
  listener: Listener
}

export interface EndsInit {
  address?: Multiaddr
  dialer?: Transport
  listener?: Transport
}

/** The two ends of a connection. */
export async function connected ({ address = LOOPBACK, dialer = transport(), listener: far = transport() }: EndsInit = {}): Promise<Ends> {
  const door = new Door()
  const listener = far.createListener({ upgrader: door.upgrader })

  await listener.listen(address)

  const [bound] = listener.getAddrs()
  const dialled = await dial(dialer, bound)

  return {
    dialled,
    accepted: await door.inbound(),
    listener,
    [Symbol.asyncDispose]: async () => {
      dialled.abort(new Error('the test is over'))
      await listener.close()
    }
  }
}

export async function dial (dialer: Transport, address: Multiaddr | undefined, signal: AbortSignal = never): Promise<MultiaddrConnection> {
  if (address == null) {
    throw new TypeError('there is no address to dial')
  }

  return await dialer.dial(address, { upgrader: new Door().upgrader, signal }) as unknown as MultiaddrConnection
}

/** Resolves when a stream has closed, with how. */
export async function closeOf (stream: MessageStream): Promise<StreamCloseEvent> {
  const [event] = await once(stream as unknown as EventTarget, 'close') as [StreamCloseEvent]

  return event
}

/** Resolves with the first `count` bytes that arrive, all that came with them included. */
export async function receive (stream: MessageStream, count: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0

  for await (const data of stream) {
    chunks.push(data.subarray())
    length += data.byteLength

    if (length >= count) {
      break
    }
  }

  return Buffer.concat(chunks)
}

/** Sends what `next` gives until that is undefined, as fast as there is room. */
export async function sendAll (stream: MessageStream, next: () => Uint8Array | undefined): Promise<void> {
  for (let bytes = next(); bytes != null; bytes = next()) {
    if (!stream.send(bytes)) {
      await stream.onDrain()
    }
  }
}

export function rawSocket (stream: MessageStream): Socket {
  const socket = socketOf(stream)

  if (socket == null) {
    throw new TypeError('the stream has no socket')
  }

  return socket
}
