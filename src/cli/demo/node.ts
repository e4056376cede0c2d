/*
 * One node of the demo, as a program of its own: `node.ts <name> <key file> <address>`. It does what
 * it is told on stdin, answers on stdout, and ends when stdin does, so that it never outlives the
 * process that started it.
 */
import process from 'node:process'
import { isCoded, pause, systemClock, toError } from '../../base/index.ts'
import { loadOrCreateIdentity, parsePeerId } from '../../identity/index.ts'
import { createSwarm } from '../../index.ts'
import { echo, ECHO_PROTOCOL } from '../protocols.ts'
import { roundMs } from '../round-ms.ts'
import { acquaintances, ADDRESSES_PROTOCOL, isAcquaintances, remember, request, respond, TIME_PROTOCOL } from './protocols.ts'
import { readLines, writeLine } from './wire.ts'
import type { Pipelines } from './pipelines.ts'
import type { Answer, Call, Failure, FromNode, NodeApi } from './wire.ts'
import type { Connection, Swarm } from '../../index.ts'

/** So that nobody waits five seconds for the reconnect; a real node leaves this alone. */
const BACKOFF_BASE_MS = 2_500

/** For anything that a node is told to do. */
const CALL_TIMEOUT_MS = 8_000

const [, , name = '', keyFile = '', address = ''] = process.argv

function tell (message: FromNode): void {
  writeLine(process.stdout, message)
}

async function start (): Promise<Swarm> {
  const swarm = await createSwarm({
    identity: await loadOrCreateIdentity(keyFile),
    listen: [address],
    dial: { backoffBaseMs: BACKOFF_BASE_MS }
  })

  swarm.handle(ECHO_PROTOCOL, echo)
  swarm.handle(TIME_PROTOCOL, (stream) => respond(stream, () => ({ name, time: new Date(systemClock.now()).toISOString() })))
  swarm.handle(ADDRESSES_PROTOCOL, (stream) => respond(stream, async (question) => {
    const { remotePeer } = stream.connection

    await remember(swarm, remotePeer, question)

    return (await acquaintances(swarm)).filter(({ peer }) => peer !== remotePeer.toString())
  }))

  swarm.notify({
    disconnected: ({ remotePeer }, { code }) => { tell({ event: 'disconnected', peer: remotePeer.toString(), reason: code }) }
  })

  return swarm
}

function addressesOf (swarm: Swarm): string[] {
  return swarm.interfaceListenAddresses().map((listening) => listening.toString())
}

function createApi (swarm: Swarm): NodeApi {
  const newSignal = (): AbortSignal => AbortSignal.timeout(CALL_TIMEOUT_MS)
  let opened: Promise<Pipelines> | undefined
  // loaded late, so that the nodes are soon there
  const pipelines = async (): Promise<Pipelines> => (opened ??= import('./pipelines.ts').then((module) => new module.Pipelines(swarm, process.env)))

  return {
    async meet ({ address }) {
      const signal = newSignal()
      const connection = await swarm.dial(address, { signal })
      const others = await request(await connection.newStream(ADDRESSES_PROTOCOL, { signal }), addressesOf(swarm), signal)

      if (!isAcquaintances(others)) {
        throw new TypeError(`wanted addresses of peers, received ${JSON.stringify(others)}`)
      }

      for (const { peer, addresses } of others) {
        await remember(swarm, parsePeerId(peer), addresses)
      }

      return acquaintances(swarm)
    },

    async dial ({ peer, patient = false }) {
      const signal = newSignal()
      const waitedMs = patient ? await waitForBackoff(swarm, peer, signal) : 0
      const startedAt = systemClock.now()
      const connection = await swarm.dial(peer, { signal })

      return { ...describe(connection), durationMs: roundMs(systemClock.now() - startedAt), waitedMs }
    },

    async echo ({ peer, text }) {
      const signal = newSignal()
      const stream = await swarm.newStream(peer, ECHO_PROTOCOL, { signal, noDial: true })

      await stream.end(text, { signal })

      return { protocol: stream.protocol, text: await stream.text({ signal }) }
    },

    async ask ({ peer, protocols, request: question }) {
      const signal = newSignal()
      const stream = await swarm.newStream(peer, protocols, { signal, noDial: true })

      return { protocol: stream.protocol, response: await request(stream, question, signal) }
    },

    async offer ({ backend, peers }) {
      (await pipelines()).offer(backend, peers)
    },

    async run ({ lines }) {
      return (await pipelines()).run(lines, newSignal())
    },

    async close () {
      await (await opened)?.[Symbol.asyncDispose]()
      await swarm.close()
    }
  }
}

function describe ({ remoteAddr, encryption, multiplexer }: Connection): { address: string, encryption: string, multiplexer: string } {
  return { address: remoteAddr.toString(), encryption: encryption ?? 'none', multiplexer }
}

/** Waits until all addresses of a peer may be dialled again. Resolves with the milliseconds that took. */
async function waitForBackoff (swarm: Swarm, peer: string, signal: AbortSignal): Promise<number> {
  const { addresses } = await swarm.peerStore.get(parsePeerId(peer))
  const startedAt = systemClock.now()
  const retryAt = Math.max(startedAt, ...addresses.map(({ multiaddr }) => swarm.backoff.retryAt(peer, multiaddr) ?? startedAt))

  await pause(systemClock, retryAt - startedAt, signal)

  return roundMs(systemClock.now() - startedAt)
}

async function perform (api: NodeApi, { call, method, params }: Call): Promise<Answer> {
  try {
    return { call, result: await (api[method] as (params: unknown) => Promise<unknown>)(params) }
  } catch (thrown) {
    return { call, error: toFailure(toError(thrown)) }
  }
}

function toFailure (error: Error): Failure {
  return {
    name: error.name,
    message: error.message,
    ...(isCoded(error) ? { code: error.code } : {}),
    ...('retryAt' in error && typeof error.retryAt === 'number' ? { retryAt: error.retryAt } : {})
  }
}

// Ctrl-C reaches all processes of a terminal: it is for the one that started us
process.on('SIGINT', () => {})

const swarm = await start()
const api = createApi(swarm)

tell({ event: 'ready', peer: swarm.peerId.toString(), address: swarm.listenAddresses()[0]?.toString() ?? '' })

// one after the other: the demo tells a story
for await (const call of readLines(process.stdin)) {
  tell(await perform(api, call as Call))
}

await swarm.close()
