import { describe, expect, it } from 'vitest'
import { backendService, BACKENDS, createHost } from '../../src/backends/index.ts'
import { Client } from '../../src/service/index.ts'
import { meshNode } from '../support/mesh-nodes.ts'

const PRIVILEGED = BACKENDS.filter(({ isPrivileged = false }) => isPrivileged).map(({ name }) => name)

describe('backends that run code or reach what is private', () => {
  it('are known as such', () => {
    expect(PRIVILEGED).toEqual(expect.arrayContaining(['exec', 'handler']))
  })

  it.each(PRIVILEGED)('%s is spawned for peers on its list only', async (name) => {
    const [near, other, far] = [await meshNode(), await meshNode(), await meshNode()]
    const host = createHost({ allows: (_, { peer }) => peer === other.id })
    const backend = BACKENDS.find((candidate) => candidate.name === name) ?? expect.unreachable()

    far.mesh.export(name, backendService(backend, host), { allow: [near.id, other.id], privileged: true })

    const service = await new Client(await near.mesh.peer(far.address)).child(name)
    const allowed = await new Client(await other.mesh.peer(far.address)).child(name)

    await expect(service.spawn(['true'])).rejects.toMatchObject({ code: 'PermissionDenied' })
    expect(far.refusals).toEqual([{ peer: near.id, service: name, verb: 'spawn' }])
    expect(await codeOf(allowed.spawn(['true']))).not.toBe('PermissionDenied')
    await expect(new Client(await other.mesh.peer(far.address)).child('other')).rejects.toMatchObject({ code: 'PermissionDenied' })
  })
})

async function codeOf (spawned: Promise<Client>): Promise<unknown> {
  return spawned.then(async (client) => client.close(), ({ code }: { code: unknown }) => code)
}
