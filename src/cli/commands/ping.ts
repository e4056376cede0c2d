import { isCoded, pause, toError } from '../../base/index.ts'
import { defineCommand, Stopped } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { visitingIdentity } from '../key-file.ts'
import { openSwarm } from '../open-swarm.ts'
import { PING_BYTES, PING_PROTOCOL, Pinger } from '../protocols.ts'
import { roundMs } from '../round-ms.ts'
import { RoundTrips } from '../round-trips.ts'
import { printable } from '../style.ts'
import { dialOptions, locate, parseTarget, TARGET_OPTIONS } from '../target.ts'
import { duration, wholeNumber } from '../value-types.ts'
import type { Connection } from '../../index.ts'
import type { One } from '../arguments.ts'
import type { CommandContext } from '../command.ts'

const DEFAULT_INTERVAL_MS = 1_000
const DEFAULT_REPLY_TIMEOUT_MS = 10_000
const MAX_COUNT = 1_000_000_000

const OPTIONS = {
  ...TARGET_OPTIONS,
  count: { kind: 'one', short: 'c', value: '<n>', type: wholeNumber(1, MAX_COUNT), help: 'stop after so many pings' } as One<number>,
  interval: { kind: 'one', short: 'i', value: '<time>', type: duration('s'), help: 'from one ping to the next, as 0.2, 200ms or 2m; a second if not given' } as One<number>
} as const

type PingContext = CommandContext<typeof OPTIONS>

export const ping = defineCommand({
  name: 'ping',
  summary: 'Measure round trips to a peer',
  usage: '<target>',
  description: [
    `Connects to <target>, a peer ID or a multiaddr, and sends it ${PING_BYTES} bytes over ${PING_PROTOCOL} again and again, until --count is reached or Ctrl-C. Every answer gives a line, and the end gives the statistics, as ping(8) does.`,
    'A connection that is lost is dialled again for the next ping. --timeout holds for the dial, and for each answer. Fails if no answer came at all.'
  ],
  examples: [
    'swarmd ping /ip4/127.0.0.1/tcp/4001 -c 3',
    'swarmd ping 12D3KooWExample --addr /ip4/192.0.2.7/tcp/4001 -i 0.2'
  ],
  options: OPTIONS,

  async run (context) {
    const { operands, options, clock } = context
    const target = await parseTarget(operands, context)

    await using swarm = await openSwarm(context, { identity: await visitingIdentity(context) })

    const connection = await swarm.dial(await locate(target, swarm), dialOptions(context))
    const { remotePeer } = connection
    const trips = new RoundTrips()
    const pinger = new Pinger({
      clock,
      timeoutMs: options.timeout ?? DEFAULT_REPLY_TIMEOUT_MS,
      open: (signal) => swarm.newStream(remotePeer, PING_PROTOCOL, { signal, negotiate: 'full' })
    })

    await tellStart(connection, context)

    try {
      await pingAll(pinger, trips, context)
      await pinger.close()
    } catch (error) {
      if (!(error instanceof Stopped)) {
        throw error
      }

      await tellEnd(remotePeer.toString(), trips, context)

      return error.exitCode
    }

    await tellEnd(remotePeer.toString(), trips, context)

    return trips.received > 0 ? EXIT.ok : EXIT.failure
  }
})

async function pingAll (pinger: Pinger, trips: RoundTrips, context: PingContext): Promise<void> {
  const { options: { count = Infinity, interval = DEFAULT_INTERVAL_MS }, clock, signal } = context

  for (let sequence = 1; sequence <= count; sequence++) {
    const startedAt = clock.now()

    await pingOnce(sequence, pinger, trips, context)

    if (sequence < count) {
      await pause(clock, Math.max(0, startedAt + interval - clock.now()), signal)
    }
  }
}

async function pingOnce (sequence: number, pinger: Pinger, trips: RoundTrips, { output, signal }: PingContext): Promise<void> {
  trips.sent++

  try {
    const timeMs = await pinger.ping(signal)

    trips.add(timeMs)
    await output.result('pong', { sequence, bytes: PING_BYTES, timeMs: roundMs(timeMs) }, `${PING_BYTES} bytes: seq=${sequence} time=${timeMs.toFixed(3)} ms`)
  } catch (thrown) {
    // asked to stop, or a peer that will never answer: no use in going on
    if (signal.aborted || isCoded(thrown, 'UnsupportedProtocol')) {
      throw thrown
    }

    const { message } = toError(thrown)

    await output.result('lost', { sequence, message }, printable(`no answer: seq=${sequence} ${message}`))
  }
}

async function tellStart ({ remotePeer, remoteAddr, encryption, multiplexer }: Connection, { output }: PingContext): Promise<void> {
  const facts = { peer: remotePeer.toString(), address: remoteAddr.toString(), encryption: encryption ?? null, multiplexer }

  await output.result('connected', facts, printable(`PING ${facts.peer} at ${facts.address} (${encryption ?? 'not encrypted'}, ${multiplexer})`))
}

async function tellEnd (peer: string, trips: RoundTrips, { output }: PingContext): Promise<void> {
  const { sent, received } = trips
  const lossPercent = sent === 0 ? 0 : Math.round((1 - received / sent) * 100)
  const statistics = trips.statistics()
  const lines = [
    `--- ${peer} ping statistics ---`,
    `${sent} sent, ${received} answered, ${lossPercent}% lost`
  ]

  if (statistics != null) {
    const { minMs, avgMs, maxMs, mdevMs } = statistics

    lines.push(`round trip min/avg/max/mdev = ${[minMs, avgMs, maxMs, mdevMs].map((ms) => ms.toFixed(3)).join('/')} ms`)
  }

  await output.result('statistics', { sent, received, lossPercent, ...mapValues(statistics) }, lines.join('\n'))
}

function mapValues (statistics: object | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(statistics ?? {}).map(([name, value]) => [name, roundMs(Number(value))]))
}
