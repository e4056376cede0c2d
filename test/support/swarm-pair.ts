import { createSwarm } from '../../src/index.ts'
import type { Connection, Swarm, SwarmErrorDetail, SwarmEvents, SwarmInit } from '../../src/index.ts'

export const ECHO = '/echo/1.0.0'

/** A port of its own on the loopback interface. */
export const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

/** Ports that nothing listens on: those below 1024 are never given out by themselves. */
export const DEAD = [1, 2, 3, 4, 5].map((port) => `/ip4/127.0.0.1/tcp/${port}`)

/** A swarm that listens on loopback and sends back what it gets on ECHO. */
export async function echoServer (init: SwarmInit = {}): Promise<Swarm> {
  const swarm = await createSwarm({ listen: [LOOPBACK], ...init })

  swarm.handle(ECHO, async (stream) => { await stream.pipeTo(stream) })

  return swarm
}

/** Sends a text on a new stream, and gives back what comes back. */
export async function echo (connection: Pick<Connection, 'newStream'>, text: string): Promise<string> {
  await using stream = await connection.newStream(ECHO)

  await stream.end(text)

  return await stream.text()
}

/** Where others find a swarm: its first address, with its peer ID. */
export function addressOf (swarm: Swarm): string {
  return addressesOf(swarm)[0] ?? ''
}

export function addressesOf (swarm: Swarm): string[] {
  return swarm.interfaceListenAddresses().map(String)
}

/** `swarm` learns where `other` listens, as from a peer router. */
export async function introduce (swarm: Swarm, other: Swarm): Promise<void> {
  await swarm.peerStore.patch(other.peerId, { multiaddrs: other.interfaceListenAddresses() })
}

export interface SwarmPair extends AsyncDisposable {
  near: Swarm
  far: Swarm
  /** As `near`, who dialled, sees it. */
  connection: Connection
  /** As `far` sees it. */
  inbound: Connection
}

/** Two swarms, both listening and echoing, and the connection that one has dialled to the other. */
export async function swarmPair (near: SwarmInit = {}, far: SwarmInit = {}): Promise<SwarmPair> {
  const [dialer, listener] = await Promise.all([echoServer(near), echoServer(far)])
  const inbound = told(listener, 'connected')
  const connection = await dialer.dial(addressOf(listener))

  return {
    near: dialer,
    far: listener,
    connection,
    inbound: await inbound,
    [Symbol.asyncDispose]: async () => { await Promise.all([dialer.close(), listener.close()]) }
  }
}

/** Many swarms that are closed together. */
export async function swarms (count: number, init: (index: number) => SwarmInit = () => ({})): Promise<Swarm[] & AsyncDisposable> {
  const made = await Promise.all(Array.from({ length: count }, async (_, index) => echoServer(init(index))))

  return Object.assign(made, {
    [Symbol.asyncDispose]: async () => { await Promise.all(made.map(async (swarm) => swarm.close())) }
  })
}

type Detail<Type extends keyof SwarmEvents> = SwarmEvents[Type]['detail']

/** What the next event of this type tells, or the next one that matches. */
export async function told<Type extends keyof SwarmEvents> (swarm: Swarm, type: Type, matches: (detail: Detail<Type>) => boolean = () => true): Promise<Detail<Type>> {
  const { promise, resolve } = Promise.withResolvers<Detail<Type>>()
  const listener = (event: { detail: Detail<Type> }): void => {
    if (matches(event.detail)) {
      swarm.removeEventListener(type, listener)
      resolve(event.detail)
    }
  }

  swarm.addEventListener(type, listener)

  return promise
}

/** Resolves when `peer` has become this to the swarm, or is it already. */
export async function becomes (swarm: Swarm, peer: Swarm, wanted: SwarmEvents['connectedness']['detail']['connectedness']): Promise<void> {
  if (swarm.connectedness(peer.peerId) !== wanted) {
    await told(swarm, 'connectedness', ({ peer: who, connectedness }) => who.equals(peer.peerId) && connectedness === wanted)
  }
}

/** Resolves with all events of this type once there have been `count`. */
export async function toldTimes<Type extends keyof SwarmEvents> (swarm: Swarm, type: Type, count: number): Promise<Array<Detail<Type>>> {
  const details: Array<Detail<Type>> = []

  await told(swarm, type, (detail) => details.push(detail) === count)

  return details
}

/** The errors that a swarm tells of, in a list that grows. */
export function errorsOf (swarm: Swarm): SwarmErrorDetail[] {
  const errors: SwarmErrorDetail[] = []

  swarm.addEventListener('error', ({ detail }) => { errors.push(detail) })

  return errors
}

/** What a promise was rejected with. */
export async function rejection (promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => { throw new Error(`it should have failed, and gave ${String(value)}`) },
    (error: unknown) => error
  )
}

/** A listener that returns a promise, as users write them. */
export function listener<Event> (fn: (event: Event) => Promise<void>): (event: Event) => void {
  const untyped: unknown = fn

  return untyped as (event: Event) => void
}
