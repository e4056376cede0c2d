import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LevelDatastore } from 'datastore-level'
import { describe, expect, it } from 'vitest'
import { createSwarm, loadOrCreateIdentity } from '../../../src/index.ts'
import { addressOf, echo, echoServer, told } from '../../support/swarm-pair.ts'

interface Folder extends AsyncDisposable {
  path: string
}

async function folder (): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'swarmd-'))

  return { path, [Symbol.asyncDispose]: async () => { await rm(path, { recursive: true, force: true }) } }
}

describe('a swarm with a datastore on disk', () => {
  it('remembers, after a restart, where peers are, and who it is', async () => {
    await using home = await folder()
    await using server = await echoServer()
    const peers: string[] = []

    for (const target of [addressOf(server), server.peerId.toString()]) {
      const datastore = new LevelDatastore(join(home.path, 'peers'))

      await datastore.open()

      const client = await createSwarm({ datastore, identity: await loadOrCreateIdentity(join(home.path, 'key')) })

      // by address at first, and then by nothing but the peer ID
      expect(await echo(await client.dial(target), target)).toBe(target)
      peers.push(client.peerId.toString())
      await client.close()
      await datastore.close()
    }

    expect(new Set(peers).size).toBe(1)
  })

  it('remembers no address at which a peer has only come from', async () => {
    await using home = await folder()
    const datastore = new LevelDatastore(join(home.path, 'peers'))

    await datastore.open()

    const server = await echoServer({ datastore })
    const client = await createSwarm()

    await echo(await client.dial(addressOf(server)), 'hello')
    await expect(server.peerStore.get(client.peerId).then(({ addresses }) => addresses, () => [])).resolves.toEqual([])

    const gone = told(server, 'disconnected')

    await client.close()
    await gone
    await expect(server.dial(client.peerId)).rejects.toMatchObject({ code: 'NoAddresses' })
    await server.close()
    await datastore.close()
  })

  it('works on, and says so, when the datastore fails', async () => {
    await using home = await folder()
    const datastore = new LevelDatastore(join(home.path, 'peers'))

    await datastore.open()

    await using server = await echoServer()
    await using client = await createSwarm({ datastore })
    const errors: string[] = []

    client.addEventListener('error', ({ detail }) => { errors.push(detail.during) })
    await datastore.close()

    expect(await echo(await client.dial(addressOf(server)), 'all the same')).toBe('all the same')
    expect(new Set(errors)).toEqual(new Set(['peer store']))
  })
})
