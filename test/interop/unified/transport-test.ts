import { once } from 'node:events'
import { enable } from '@libp2p/logger'
import { learnAddress, tellAddress } from './meeting.ts'
import { Redis } from './redis.ts'
import { readSettings } from './settings.ts'
import type { Env, Settings } from './settings.ts'

/** What a dialer finds out, in milliseconds. */
export interface Latency {
  /** From the dial to the answer to a first ping: connecting, the handshakes, and one round trip. */
  readonly handshakePlusOneRtt: number
  readonly pingRtt: number
}

/** The node that is tested. */
export interface TestNode extends AsyncDisposable {
  /** As dialled, each with the peer ID. */
  addresses(): string[]
  /** Dials this address and pings who is there. */
  measure(address: string, signal: AbortSignal): Promise<Latency>
}

export type NodeFactory = (settings: Settings) => Promise<TestNode>

/**
 * The program of one side of a transport test: a listener tells its address and serves until it is
 * terminated, a dialer dials it, pings it and reports on standard output. Resolves with the exit code.
 */
export async function transportTest (env: Env, createNode: NodeFactory): Promise<number> {
  try {
    const settings = readSettings(env)
    const signal = AbortSignal.timeout(settings.timeoutMs)

    if (settings.debug) {
      enable('*')
    }

    using redis = await Redis.connect(settings.redis, signal)
    await using node = await createNode(settings)

    await (settings.isDialer ? dial(settings, redis, node, signal) : listen(settings, redis, node, signal))

    return 0
  } catch (err) {
    process.stderr.write(`${err instanceof Error ? err.stack : String(err)}\n`)

    return 1
  }
}

async function dial (settings: Settings, redis: Redis, node: TestNode, signal: AbortSignal): Promise<void> {
  const address = await learnAddress(redis, settings.key, signal)

  process.stderr.write(`dialing ${address}\n`)
  process.stdout.write(report(await node.measure(address, signal), settings.report))
}

async function listen (settings: Settings, redis: Redis, node: TestNode, signal: AbortSignal): Promise<void> {
  const terminated = Promise.race([once(process, 'SIGTERM', { signal }), once(process, 'SIGINT', { signal })])
  const address = reachable(node.addresses())

  await tellAddress(redis, settings.key, address)
  process.stderr.write(`listening on ${address}\n`)
  await terminated
}

/** One that another container can dial, if there is one. */
function reachable (addresses: string[]): string {
  const address = addresses.find((one) => !one.startsWith('/ip4/127.')) ?? addresses[0]

  if (address == null) {
    throw new Error('there is no address to dial')
  }

  return address
}

function report ({ handshakePlusOneRtt, pingRtt }: Latency, format: Settings['report']): string {
  const [handshake, ping] = [rounded(handshakePlusOneRtt), rounded(pingRtt)]

  if (format === 'json') {
    // the third l is that of the test plans
    return `${JSON.stringify({ handshakePlusOneRTTMillis: handshake, pingRTTMilllis: ping })}\n`
  }

  return `latency:\n  handshake_plus_one_rtt: ${handshake}\n  ping_rtt: ${ping}\n  unit: ms\n`
}

function rounded (ms: number): number {
  return Number(ms.toFixed(3))
}
