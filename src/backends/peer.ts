import { raceSignal } from '../base/index.ts'
import { Client, defineBackend, ServiceError, task } from '../service/index.ts'
import { passOn } from './pass-on.ts'
import { untilUnheard } from './until-unheard.ts'
import type { ChannelEnd } from '../channel/index.ts'
import type { Reference, Service, SpawnContext } from '../service/index.ts'

/** Objects that peers export. */
export const peerBackend = defineBackend({
  name: 'peer',
  summary: 'passes everything to an object of a peer',
  usage: 'TARGET [SERVICE[/PATH]]',
  description: [
    'TARGET is a peer ID, a multiaddr, or a name that this node gave to a peer. What comes from the left goes to what the peer exports under that name, to a child of it, or without a name to the tree of all that it exports to this node. Answers come back from there.',
    'It asks in the name of this node: what the peer lets this node do, the stages before it may do. It does not connect again: when the peer is lost, the stage fails.'
  ],
  examples: [
    "swarmd dockerserver 'peer 12D3KooW... docker'",
    "swarmd dockerserver 'peer 12D3KooW... hosts/berlin'"
  ],
  isPrivileged: true,
  async spawn (args, context) {
    const [target, path, ...more] = args

    if (target == null || target === '' || more.length > 0) {
      throw new ServiceError('InvalidArgument', `peer wanted a peer and perhaps the name of a service, received ${args.length === 0 ? 'none' : args.join(' ')}; usage: peer ${peerBackend.usage}`)
    }

    const name = path == null ? `peer ${target}` : `${path} of peer ${target}`

    return passingTo(await find(target, path ?? '', context), name, context)
  }
})

async function find (target: string, path: string, { host, call: { signal } }: SpawnContext): Promise<Reference> {
  const root = await host.peer(target, { signal })

  if (path === '') {
    return root
  }

  await using tree = new Client(root, { clock: host.clock })

  return (await tree.child(path, { signal })).target
}

function passingTo (object: Reference, name: string, { host: { clock } }: SpawnContext): Service {
  const run = task(async (context) => untilUnheard(context, async (signal) => {
    const lost = object.closed.then((end) => {
      if (end.how !== 'closed') { // that was us, behind the last request
        throw lostError(name, end)
      }
    })

    lost.catch(() => {}) // it may come after the end

    await raceSignal(Promise.race([passOn(context, object, name), lost]), signal)
  }), { name: `peer ${name}`, clock })

  return {
    handle: run.handle,
    close: async () => {
      await run.close()
      await object.close().catch(() => {}) // the peer has gone
    }
  }
}

function lostError (name: string, end: ChannelEnd): ServiceError {
  const why = end.how === 'lost' ? `: ${end.error.message}` : ''

  return new ServiceError('Unavailable', `lost ${name}${why}`, { cause: end.how === 'lost' ? end.error : undefined })
}
