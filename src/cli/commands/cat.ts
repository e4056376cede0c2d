import { Deadline } from '../../base/index.ts'
import { defineCommand } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { ReplyTimeout } from '../failure.ts'
import { visitingIdentity } from '../key-file.ts'
import { openSwarm } from '../open-swarm.ts'
import { splice } from '../splice.ts'
import { dialOptions, locate, parseTarget, TARGET_OPTIONS } from '../target.ts'
import { UsageError } from '../usage-error.ts'
import { protocolName } from '../value-types.ts'
import type { Connection, Stream } from '../../index.ts'
import type { CommandContext } from '../command.ts'

export const cat = defineCommand({
  name: 'cat',
  summary: 'Join a stream to a peer with stdin and stdout',
  usage: '<target> <protocol>',
  description: [
    'Opens a stream of <protocol> to <target>, a peer ID or a multiaddr. Stdin goes to the stream and the stream goes to stdout, byte for byte. The end of stdin ends our direction, and the peer may go on; ends when both directions have. --timeout holds for the dial and for opening the stream.',
    'All that is said goes to stderr, with --json too: stdout belongs to the stream.'
  ],
  examples: [
    'echo hello | swarmd cat /ip4/127.0.0.1/tcp/4001 /echo/1.0.0',
    'swarmd cat 12D3KooWExample /file/1.0.0 --addr /ip4/192.0.2.7/tcp/4001 < big.bin'
  ],
  options: TARGET_OPTIONS,

  async run (context) {
    const { output, operands: [word = '', protocol = ''] } = context

    output.giveUpStdout()

    if (protocolName.parse(protocol) == null) {
      throw new UsageError(`cat wants ${protocolName.wanted}, received '${protocol}'`, 'cat')
    }

    const target = await parseTarget([word], context)

    await using swarm = await openSwarm(context, { identity: await visitingIdentity(context) })

    const connection = await swarm.dial(await locate(target, swarm), dialOptions(context))
    const stream = await openStream(connection, protocol, context)
    const { remotePeer, remoteAddr } = connection

    await output.detail('opened', { peer: remotePeer.toString(), address: remoteAddr.toString(), protocol: stream.protocol }, `${stream.protocol} opened to ${remoteAddr.toString()}`)

    const { sent, received } = await splice(stream, context)

    const text = `${stream.protocol} ended, ${received} bytes in, ${sent} bytes out`

    // people see the bytes themselves
    await output.result('ended', { protocol: stream.protocol, sent, received }, output.verbose ? text : undefined)

    return EXIT.ok
  }
})

async function openStream (connection: Connection, protocol: string, { options: { timeout = Infinity }, clock, signal }: CommandContext): Promise<Stream> {
  using opening = new Deadline({ clock, signal, timeoutMs: timeout, onTimeout: () => new ReplyTimeout(`opening a stream of ${protocol}`, timeout) })

  return await connection.newStream(protocol, { signal: opening.signal, negotiate: 'full', limited: 'allow' })
}
