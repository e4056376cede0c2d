import { isCoded } from '../../base/index.ts'
import { defineBackend } from '../../service/index.ts'
import { connectStage } from './connect-stage.ts'
import { listenStage } from './listen-stage.ts'
import { invalid, parseOperands } from './operands.ts'
import type { Operands, TransportNames } from './operands.ts'
import type { Backend, Service, SpawnContext } from '../../service/index.ts'

/** What one transport is: the rest is the same for all. */
export interface TransportInit extends TransportNames, Pick<Backend, 'examples'> {
  readonly summary: string
  /** Where: before what all transports do. */
  readonly where: string
  readonly help?: Backend['options']
}

const BOTH = [
  'listen is for the first stage: whoever connects asks what is at its right. They are remote callers, known by where they come from, and not by who they are: what is at the right answers anyone who can connect.',
  'Otherwise it is for the last stage, which connects: what comes from the left goes to the object there, and answers come back. It does not connect again: when the connection is lost, the stage fails.'
]

/** For those that can speak TLS. */
export const TLS_HELP: NonNullable<Backend['options']> = {
  '--cert FILE': 'the certificate of this side, as PEM; who listens needs one',
  '--key FILE': 'the key of the certificate, as PEM',
  '--ca FILE': 'whose certificates to trust, as PEM, instead of the well-known authorities',
  '--require-cert': 'listening: refuse who has no certificate that --ca vouches for',
  '--servername NAME': 'connecting: the name in the certificate of the other side, if it is not the host',
  '--insecure': 'connecting: trust any certificate'
}

/** A backend that speaks over a transport of `swarmd/channel`. Remote callers are refused: it reaches what this machine can. */
export function transportBackend ({ name, usage, summary, where, help, examples, ...init }: TransportInit): Backend {
  const names = { name, usage, ...init }

  return defineBackend({
    name,
    summary,
    usage,
    description: [where, ...BOTH],
    ...(help == null ? {} : { options: help }),
    ...(examples == null ? {} : { examples }),
    isPrivileged: true,
    spawn: async (args, context) => open(await parseOperands(args, names), names, context)
  })
}

async function open (operands: Operands, names: TransportNames, context: SpawnContext): Promise<Service> {
  try {
    return await (operands.mode === 'listen' ? listenStage(operands, context) : connectStage(operands, context))
  } catch (thrown) {
    if (isCoded(thrown, 'InvalidAddress') || thrown instanceof TypeError) {
      throw invalid(names, thrown.message)
    }

    throw thrown
  }
}
