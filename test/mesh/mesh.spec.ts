import { describe, expect, it } from 'vitest'
import { Client, Server } from '../../src/service/index.ts'
import { meshNode } from '../support/mesh-nodes.ts'
import { until } from '../support/until.ts'
import type { Call } from '../../src/service/index.ts'
import type { MeshNode } from '../support/mesh-nodes.ts'

/** Tells who asks. */
function mirror (): Server {
  return new Server('mirror')
    .onGet((_, call: Call) => call.caller.peer ?? null)
    .onSpawn(() => mirror())
}

/** A channel may end by itself, with the connection, before the session has. */
const LOST: unknown = expect.stringMatching(/^(ConnectionLost|SessionClosed)$/)

interface Scene {
  near: MeshNode
  far: MeshNode
  /** The root of `far`. */
  root: Client
}

/** Two nodes; the first asks the second. */
async function scene (): Promise<Scene> {
  const [near, far] = [await meshNode(), await meshNode()]

  return { near, far, root: new Client(await near.mesh.peer(far.address)) }
}

describe('the root of a peer', () => {
  it('lists what this peer may use, and gives it', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('mirror', mirror(), { allow: [near.id] })
    far.mesh.export('another', mirror(), { allow: '*' })
    far.mesh.export('hidden', mirror())
    far.mesh.export('of others', mirror(), { allow: [far.id] })

    expect(await root.ls()).toEqual(['another', 'mirror'])
    expect(await (await root.child('mirror')).get()).toBe(near.id)
    expect(far.refusals).toEqual([])
  })

  it('refuses what is not for this peer as it refuses what is not there', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('hidden', mirror(), { allow: [far.id] })

    await expect(root.child('hidden')).rejects.toMatchObject({ code: 'PermissionDenied', message: `there is no service "hidden" here that peer ${near.id} may use` })
    await expect(root.child('absent')).rejects.toMatchObject({ code: 'PermissionDenied', message: `there is no service "absent" here that peer ${near.id} may use` })
    expect(far.refusals).toEqual([
      { peer: near.id, service: 'hidden', verb: 'attach' },
      { peer: near.id, service: 'absent', verb: 'attach' }
    ])
  })

  it('passes names with slashes on into the service', async () => {
    const { near, far, root } = await scene()
    const docker = new Server('docker').onAttach((name, call) => new Server(name).onGet(() => [name, call.args, call.caller.peer]))

    far.mesh.export('docker', docker, { allow: [near.id] })

    expect(await (await root.child(['docker/web/1', 'now'])).get()).toEqual(['web/1', ['web/1', 'now'], near.id])
  })

  it('serves objects that were given as answers to the peer who asked', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('mirror', mirror(), { allow: [near.id] })

    const child = await (await (await root.child('mirror')).spawn()).spawn()

    expect(await child.get()).toBe(near.id)
  })

  it('is reached by the name that a node gave to the peer', async () => {
    const far = await meshNode()
    const near = await meshNode({ peers: { far: far.address } })

    far.mesh.export('mirror', mirror(), { allow: '*' })

    expect(await new Client(await near.mesh.peer('far')).ls()).toEqual(['mirror'])
  })
})

describe('sessions of a mesh', () => {
  it('are one a connection, for both directions and all who ask', async () => {
    const { near, far } = await scene()

    near.mesh.export('one', mirror(), { allow: '*' })
    far.mesh.export('other', mirror(), { allow: '*' })

    const handles = await Promise.all([1, 2, 3].map(async () => new Client(await near.mesh.peer(far.address))))

    expect(await Promise.all(handles.map(async (client) => client.ls()))).toEqual([['other'], ['other'], ['other']])
    expect(await new Client(await far.mesh.peer(near.id)).ls()).toEqual(['one'])
    expect(near.mesh.sessions()).toHaveLength(1)
    expect(far.mesh.sessions()).toHaveLength(1)
    expect(near.mesh.swarm.connections()).toHaveLength(1)
  })

  it('are opened again when they were lost', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('mirror', mirror(), { allow: '*' })

    const service = await root.child('mirror')

    near.mesh.swarm.connections()[0]?.abort(new Error('cut'))
    await until(() => near.mesh.sessions().length === 0)

    await expect(service.get()).rejects.toMatchObject({ code: LOST })
    await expect(root.ls()).rejects.toMatchObject({ code: LOST })
    expect(await new Client(await near.mesh.peer(far.address)).ls()).toEqual(['mirror'])
  })

  it('leave nothing when the mesh is closed', async () => {
    const { near, far, root } = await scene()

    far.mesh.export('mirror', mirror(), { allow: '*' })

    const service = await root.child('mirror')

    await far.mesh.close()

    await until(() => near.mesh.sessions().length === 0)
    await expect(service.get()).rejects.toMatchObject({ code: 'ChannelCancelled', reason: { code: 13 } })
    await expect(far.mesh.peer(near.id)).rejects.toMatchObject({ code: 'Unavailable' })
    await until(() => near.mesh.swarm.connections()[0]?.streams.length === 0)
    expect([near.mesh.sessions(), far.mesh.sessions()]).toEqual([[], []])
  })
})
