/* A typed service and its client: over a channel between two peers, and exported by a node of the mesh. */
import { createChannels, createMesh } from '../../../src/mesh/index.ts'
import { Client, createClient, reference, service } from '../../../src/service/index.ts'
import { MESSAGE_BYTES } from '../system.ts'
import { expectEcho, inParallel } from '../work.ts'
import { addressOf, clientNode, serverNode } from './nodes.ts'
import type { Swarm } from '../../../src/index.ts'
import type { Reference, TypedClient } from '../../../src/service/index.ts'
import type { Amount, ClientEnd, Done, System } from '../system.ts'

const NAME = 'echo'
const MESSAGE = new Uint8Array(MESSAGE_BYTES).fill(7)
const echo = service({ echo: (data: Uint8Array) => data }, { name: NAME })

class TypedServiceClient implements ClientEnd {
  readonly #swarm: Swarm
  readonly #client: TypedClient<typeof echo>

  constructor (swarm: Swarm, client: TypedClient<typeof echo>) {
    this.#swarm = swarm
    this.#client = client
  }

  requests (amount: Amount, outstanding: number): Promise<Done> {
    return inParallel(amount, outstanding, async () => { expectEcho((await this.#client.echo(MESSAGE)).byteLength) })
  }

  async close (): Promise<void> {
    await this.#swarm.close()
  }
}

export const swarmdTypedService: System = {
  name: 'swarmd typed service',
  about: 'a typed service over a channel of a swarm with TCP, Noise and yamux, with its defaults but for raised limits',
  packages: [],

  async serve () {
    const swarm = await serverNode('Noise')

    createChannels(swarm, {
      onSession: async (session) => { await session.newSendChannel<Reference>().send(reference(echo)) }
    })

    return { address: addressOf(swarm), close: () => swarm.close() }
  },

  async connect (address) {
    const swarm = await clientNode('Noise')
    const session = await createChannels(swarm).connect(address)
    const { value } = await (await session.waitReceiveChannel<Reference>()).receive()

    if (value == null) {
      throw new Error('the server gave no reference')
    }

    return new TypedServiceClient(swarm, createClient<typeof echo>(value))
  }
}

export const swarmdMeshService: System = {
  name: 'swarmd mesh service',
  about: 'the same typed service as a node of the mesh exports it: with permissions, and able to be withdrawn',
  packages: [],

  async serve () {
    const swarm = await serverNode('Noise')

    createMesh(swarm).export(NAME, echo, { allow: '*' })

    return { address: addressOf(swarm), close: () => swarm.close() }
  },

  async connect (address) {
    const swarm = await clientNode('Noise')
    const root = new Client(await createMesh(swarm).peer(address))

    return new TypedServiceClient(swarm, createClient<typeof echo>(await root.child(NAME)))
  }
}
