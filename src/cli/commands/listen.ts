import { Deadline, raceSignal } from '../../base/index.ts'
import { defineCommand, Stopped } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { lastingIdentity } from '../key-file.ts'
import { openSwarm } from '../open-swarm.ts'
import { echo, ECHO_PROTOCOL, PING_PROTOCOL } from '../protocols.ts'
import { splice } from '../splice.ts'
import { protocolName } from '../value-types.ts'
import type { Stream, Swarm } from '../../index.ts'
import type { Flag, One } from '../arguments.ts'
import type { CommandContext } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'

/** All interfaces: a node that only its own machine can reach is of little use. */
const DEFAULT_ADDRESS = '/ip4/0.0.0.0/tcp/0'

const OPTIONS = {
  echo: { kind: 'flag', help: `serve ${ECHO_PROTOCOL}, which sends back what comes` } as Flag,
  serve: { kind: 'one', value: '<protocol>', type: protocolName, help: 'join the first stream of this protocol with stdin and stdout, and end with it' } as One<string>
} as const

type ListenContext = CommandContext<typeof OPTIONS>

export const listen = defineCommand({
  name: 'listen',
  summary: 'Accept connections, and log who comes',
  usage: '[address...]',
  description: [
    `Listens on multiaddrs, by default on ${DEFAULT_ADDRESS}: all interfaces, at a free port. Prints the addresses that others can dial, then a line for each connection and stream. Answers ${PING_PROTOCOL}.`,
    'The key is kept in $XDG_DATA_HOME/swarmd/key or ~/.local/share/swarmd/key if --key names no other file, so the peer ID stays the same.',
    "With --serve, stdout carries what the peer sends and the log goes to stderr: the other end of 'swarmd cat', as 'nc -l' is of 'nc'. Without it, listens until a signal comes or the time of --timeout is over."
  ],
  examples: [
    'swarmd listen --echo',
    'swarmd listen /ip4/127.0.0.1/tcp/4001 /ip4/127.0.0.1/tcp/4002/ws',
    'swarmd listen --serve /file/1.0.0 > received.bin'
  ],
  options: OPTIONS,

  async run (context) {
    const { output, options, operands, clock } = context

    if (options.serve != null) {
      output.giveUpStdout()
    }

    await using swarm = await openSwarm(context, {
      identity: await lastingIdentity(context),
      tell: (event, facts, text) => { void output.result(event, facts, text) }
    })

    using over = new Deadline({
      clock,
      signal: context.signal,
      timeoutMs: options.timeout ?? Infinity,
      onTimeout: () => new Stopped('its --timeout', EXIT.ok)
    })

    const served = serveProtocols(swarm, options)

    await raceSignal(swarm.listen(...(operands.length === 0 ? [DEFAULT_ADDRESS] : operands)), over.signal)
    await tellAddresses(swarm, context)

    try {
      const stream = await raceSignal(served, over.signal)
      const traffic = await splice(stream, { ...context, signal: over.signal })

      await output.result('served', { protocol: stream.protocol, ...traffic }, `${stream.protocol} ended, ${traffic.received} bytes in, ${traffic.sent} bytes out`)

      return EXIT.ok
    } catch (error) {
      return exitCodeAfter(error)
    }
  }
})

/** Resolves with the first stream of the protocol to serve; never, if there is none. */
function serveProtocols (swarm: Swarm, options: ListenContext['options']): Promise<Stream> {
  const { promise, resolve } = Promise.withResolvers<Stream>()

  swarm.handle(PING_PROTOCOL, echo)

  if (options.echo) {
    swarm.handle(ECHO_PROTOCOL, echo)
  }

  if (options.serve != null) {
    const protocol = options.serve

    swarm.handle(protocol, (stream) => {
      // one stream is all there is to serve: who comes later is told that nobody speaks the protocol
      swarm.unhandle(protocol)
      resolve(stream)
    }, { force: true })
  }

  return promise
}

async function tellAddresses (swarm: Swarm, { output, operands }: ListenContext): Promise<void> {
  const peer = swarm.peerId.toString()
  const addresses = swarm.interfaceListenAddresses().map(String)
  const protocols = swarm.protocols()

  await output.result('listening', { peer, addresses, protocols }, [
    `peer ID    ${peer}`,
    ...addresses.map((address) => `listening  ${address}`),
    `serving    ${protocols.join(' ')}`
  ].join('\n'))

  if (operands.length === 0) {
    const message = 'Everybody who reaches this machine can connect; /ip4/127.0.0.1/tcp/0 keeps it local. Ctrl-C ends.'

    await output.note('hint', { message }, message)
  }
}

/** A service that is asked to end, and does, has not failed. Ctrl-C stays visible to scripts around us. */
function exitCodeAfter (error: unknown): ExitCode {
  if (error instanceof Stopped && error.exitCode === EXIT.terminated) {
    return EXIT.ok
  }

  throw error
}
