import { serviceCapabilities, serviceDependencies } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { PluginServices, SERVICE_STOP_TIMEOUT_MS } from '../../../src/swarm/plugins/index.ts'
import { settle } from '../../support/fake-clock.ts'
import { fakeHost } from './fake-host.ts'
import type { FakeHost } from './fake-host.ts'
import type { PluginComponents } from '../../../src/swarm/plugins/index.ts'
import type { Startable } from '@libp2p/interface'

const PHASES = ['beforeStart', 'start', 'afterStart', 'beforeStop', 'stop', 'afterStop'] as const

async function setUp (): Promise<{ host: FakeHost, plugins: PluginServices }> {
  const host = await fakeHost()

  return { host, plugins: new PluginServices(host) }
}

/** A service that notes when its phases run. */
function noting (name: string, notes: string[], overrides: Partial<Startable> = {}): Startable {
  const phases = Object.fromEntries(PHASES.map((phase) => [phase, async () => {
    await settle()
    notes.push(`${phase} ${name}`)
  }]))

  return { ...phases, ...overrides } as Startable
}

describe('PluginServices', () => {
  it('brings all services through one phase before any enters the next', async () => {
    const { plugins } = await setUp()
    const notes: string[] = []

    plugins.create({ a: () => noting('a', notes), b: () => noting('b', notes) })
    await plugins.start()
    await plugins.stop()

    expect(notes).toEqual(PHASES.flatMap((phase) => [`${phase} a`, `${phase} b`]))
  })

  it('starts and stops transports, encrypters and muxers with the services', async () => {
    const { host, plugins } = await setUp()
    const notes: string[] = []

    host.addTransport({ ...noting('transport', notes), [Symbol.toStringTag]: 't' } as never)
    await plugins.start()
    await plugins.stop()

    expect(notes).toEqual(PHASES.map((phase) => `${phase} transport`))
  })

  it('starts what is added after its start at once', async () => {
    const { host, plugins } = await setUp()
    const notes: string[] = []

    await plugins.start()
    plugins.add('late', noting('late', notes))
    plugins.add('broken', noting('broken', notes, { start: () => { throw new Error('no') } }))
    await settle()
    await settle()
    await settle()
    await settle()

    expect(notes).toEqual(expect.arrayContaining(['beforeStart late', 'start late', 'afterStart late']))
    expect(host.errors).toMatchObject([{ during: 'start of broken', error: { message: 'no' } }])
  })

  it('fails to start with what a service throws, and stops the others then', async () => {
    const { plugins } = await setUp()
    const notes: string[] = []

    plugins.create({ a: () => noting('a', notes), b: () => noting('b', notes, { start: () => { throw new Error('no') } }) })

    await expect(plugins.start()).rejects.toThrow('no')
    await plugins.stop()
    expect(notes).toContain('stop a')
  })

  it('stops the others when one fails to, and reports it', async () => {
    const { host, plugins } = await setUp()
    const notes: string[] = []

    plugins.create({ a: () => noting('a', notes, { stop: () => { throw new Error('stuck') } }), b: () => noting('b', notes) })
    await plugins.start()
    await plugins.stop()

    expect(notes).toEqual(expect.arrayContaining(['stop b', 'afterStop a', 'afterStop b']))
    expect(host.errors).toMatchObject([{ during: 'stop of a', error: { message: 'stuck' } }])
  })

  it('does not wait for ever for one that does not stop', async () => {
    const { host, plugins } = await setUp()
    const notes: string[] = []

    plugins.create({ a: () => noting('a', notes, { stop: () => new Promise(() => {}) }), b: () => noting('b', notes) })
    await plugins.start()

    const stopping = plugins.stop()

    await settle()
    await settle()
    await host.clock.advance(SERVICE_STOP_TIMEOUT_MS)
    await stopping

    expect(notes).toContain('afterStop b')
    expect(host.errors).toMatchObject([{ during: 'stop of a' }])
  })

  it('stops once, however often it is asked, and nothing that was not started', async () => {
    const { plugins } = await setUp()
    const notes: string[] = []

    plugins.create({ a: () => noting('a', notes) })
    await plugins.stop()
    await plugins.stop()

    expect(notes).toEqual([])
  })

  it('tells start and stop, with the status to match', async () => {
    const { host, plugins } = await setUp()
    const told: string[] = []

    host.events.addEventListener('start', ({ detail }) => { told.push(`start ${detail.status}`) })
    host.events.addEventListener('stop', ({ detail }) => { told.push(`stop ${detail.status}`) })
    expect(plugins.libp2p.status).toBe('starting')
    await plugins.start()
    await plugins.stop()

    expect(told).toEqual(['start started', 'stop stopped'])
    await expect(plugins.libp2p.start()).rejects.toMatchObject({ code: 'UnsupportedOperation' })
  })

  it('names every service that misses something, and what', async () => {
    const { plugins } = await setUp()

    plugins.create({
      dht: () => ({ [serviceDependencies]: ['@libp2p/identify', '@libp2p/ping'] }),
      ping: () => ({ [serviceCapabilities]: ['@libp2p/ping'] }),
      autonat: () => ({ [serviceDependencies]: ['@libp2p/identify'] })
    })

    await expect(plugins.start()).rejects.toMatchObject({
      name: 'UnmetServiceDependenciesError',
      message: expect.stringContaining('dht needs @libp2p/identify; autonat needs @libp2p/identify')
    })
  })

  it('refuses factories that make nothing, and names that are taken', async () => {
    const { plugins } = await setUp()

    expect(() => { plugins.create({ a: () => undefined }) }).toThrow('the factory of service a must make a service, received undefined')
    expect(() => { plugins.create({ registrar: () => ({}) }) }).toThrow('a service cannot have the name of a component, received registrar')
    expect(() => { plugins.create({ peerId: () => ({}) }) }).toThrow('received peerId')
  })
})

describe('the components of plugins', () => {
  it('are live: a service finds one that is made after it', async () => {
    const { plugins } = await setUp()
    let seen: PluginComponents | undefined

    plugins.create({
      early: (components: PluginComponents) => {
        seen = components

        return {}
      },
      late: () => 'I am late'
    })

    expect(seen?.late).toBe('I am late')
    expect(plugins.services.late).toBe('I am late')
  })

  it('hold all that js-libp2p has', async () => {
    const { host, plugins: { components } } = await setUp()

    for (const name of ['peerId', 'privateKey', 'nodeInfo', 'logger', 'events', 'peerStore', 'datastore', 'connectionGater', 'upgrader', 'registrar', 'connectionManager', 'transportManager', 'addressManager', 'peerRouting', 'contentRouting', 'randomWalk']) {
      expect(name in components, name).toBe(true)
      expect(components[name], name).toBeDefined()
    }

    expect(components.peerId).toBe(host.peerId)
  })

  it('throw MissingService for what is not there, by its name', async () => {
    const { plugins: { components } } = await setUp()

    expect(() => components.ping).toThrow(expect.objectContaining({ name: 'MissingServiceError', message: expect.stringContaining('"ping"') }))
    expect(() => components.constructor).toThrow('"constructor"')
    expect('ping' in components).toBe(false)
  })

  it('leave out what may be missing', async () => {
    const { plugins: { components } } = await setUp()

    expect([components.metrics, components.connectionProtector, components.dns, components.keychain]).toEqual([undefined, undefined, undefined, undefined])
    expect(await Promise.resolve(components)).toBe(components)
  })

  it('cannot be changed by a plugin', async () => {
    const { plugins: { components } } = await setUp()

    expect(() => { Object.assign(components, { ping: {} }) }).toThrow(TypeError)
  })
})
