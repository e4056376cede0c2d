import { isCoded } from '../base/index.ts'
import { reference, Server, verbName, VERBS } from '../service/index.ts'
import type { Exports } from './exports.ts'
import type { Clock, Permits } from '../base/index.ts'
import type { Call } from '../service/index.ts'

export interface RootInit {
  readonly exports: Exports
  /** Who will speak to it. */
  readonly peer: string
  /** What this peer may hold. */
  readonly references: Permits
  readonly clock: Clock
  onRefused(service: string, verb: string): void
}

/** What a peer sees of this node: the services that it may use, and of others not even whether they are. spec-service 8. */
export function createRoot (init: RootInit): Server {
  const { exports, peer } = init

  return new Server('this node')
    .onLs(() => exports.namesFor(peer))
    .onVerb(VERBS.attach, async (call) => attach(call, init))
}

async function attach (call: Call, { exports, peer, references, clock, onRefused }: RootInit): Promise<void> {
  const [path = '', ...args] = call.args
  const [name = '', ...rest] = path.split('/')

  try {
    const { object, grant } = exports.find(name, peer, references)

    await grant.during(async () => {
      if (rest.length === 0) {
        await call.answer({ verb: VERBS.ack, args: [], ret: grant.give(object) })
        await call.end()
        return
      }

      await using target = reference(object, { caller: call.caller, clock })

      // it is the service that knows its children; what it says goes straight to the peer
      await grant.pass(call, target, [rest.join('/'), ...args])
    })
  } catch (thrown) {
    if (isCoded(thrown, 'PermissionDenied') || isCoded(thrown, 'ResourceLimit')) {
      onRefused(name, verbName(call.verb))
    }

    throw thrown
  }
}
