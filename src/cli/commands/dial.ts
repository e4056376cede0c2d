import { toError } from '../../base/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { visitingIdentity } from '../key-file.ts'
import { openSwarm } from '../open-swarm.ts'
import { Pinger, PING_PROTOCOL } from '../protocols.ts'
import { roundMs } from '../round-ms.ts'
import { printable } from '../style.ts'
import { dialOptions, locate, parseTarget, TARGET_OPTIONS } from '../target.ts'
import type { Connection } from '../../index.ts'
import type { CommandContext } from '../command.ts'

/** For the ping that says how far away the peer is. */
const PING_TIMEOUT_MS = 5_000

export const dial = defineCommand({
  name: 'dial',
  summary: 'Connect to a peer, and say how',
  usage: '<target> [address...]',
  description: [
    'Dials <target>: a peer ID, a multiaddr, or several multiaddrs of one peer. Prints the address that answered first, the encryption and the multiplexer agreed on, how long that took, and the time of a round trip. If no address answers, prints for each why.',
    'The key of this node is new each time if --key names no file.'
  ],
  examples: [
    'swarmd dial /ip4/127.0.0.1/tcp/4001',
    'swarmd dial 12D3KooWExample --addr /ip4/192.0.2.7/tcp/4001 --addr /dns4/example.net/tcp/4001',
    'swarmd dial --json --timeout 3s /dnsaddr/bootstrap.libp2p.io/p2p/QmExample'
  ],
  options: TARGET_OPTIONS,

  async run (context) {
    const { output, operands, clock } = context
    const target = await parseTarget(operands, context)

    await using swarm = await openSwarm(context, { identity: await visitingIdentity(context) })

    const startedAt = clock.now()
    const connection = await swarm.dial(await locate(target, swarm), dialOptions(context))
    const durationMs = roundMs(clock.now() - startedAt)
    const ping = await tryPing(connection, context)

    const { remotePeer, remoteAddr, encryption, multiplexer } = connection
    const facts = { peer: remotePeer.toString(), address: remoteAddr.toString(), encryption: encryption ?? null, multiplexer, durationMs }

    await output.result('dialled', { ...facts, ...ping }, [
      `connected to ${facts.peer}`,
      `  address     ${printable(facts.address)}`,
      `  encryption  ${encryption ?? 'none'}`,
      `  muxer       ${multiplexer}`,
      `  dialled in  ${durationMs} ms`,
      `  ping        ${ping.pingMs == null ? ping.pingError : `${ping.pingMs} ms`}`
    ].join('\n'))

    return EXIT.ok
  }
})

type PingResult = { pingMs: number, pingError?: undefined } | { pingMs: null, pingError: string }

/** A peer that does not answer a ping has been dialled all the same. */
async function tryPing (connection: Connection, { clock, options, signal }: CommandContext): Promise<PingResult> {
  const pinger = new Pinger({
    clock,
    timeoutMs: options.timeout ?? PING_TIMEOUT_MS,
    open: (signal) => connection.newStream(PING_PROTOCOL, { signal, negotiate: 'full', limited: 'allow' })
  })

  try {
    const pingMs = roundMs(await pinger.ping(signal))

    await pinger.close()

    return { pingMs }
  } catch (error) {
    signal.throwIfAborted()

    return { pingMs: null, pingError: printable(toError(error).message) }
  }
}
