import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createSwarm, generateIdentity } from '../../../src/index.ts'
import { eventually } from '../../support/settle.ts'
import { readTopFile } from '../../support/source-tree.ts'

/** The value of one series in the text that Prometheus reads. */
async function series (registry: Registry, name: string, label = ''): Promise<number> {
  const lines = (await registry.metrics()).split('\n')

  return Number(lines.find((line) => line.startsWith(`${name}${label}`) && !line.startsWith('#'))?.split(' ').at(-1))
}

describe('a swarm with Prometheus metrics', () => {
  it('counts connections, streams, bytes, dials and their errors', async () => {
    const registry = new Registry()
    await using server = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    await using client = await createSwarm({ metrics: prometheusMetrics({ registry, collectDefaultMetrics: false }) })

    server.handle('/echo/1.0.0', async (stream) => { await stream.pipeTo(stream) })

    const connection = await client.dial(server.interfaceListenAddresses())
    const stream = await connection.newStream('/echo/1.0.0')

    expect(await series(registry, 'swarmd_connections', '{direction="outbound"}')).toBe(1)
    expect(await series(registry, 'swarmd_streams', '{direction="outbound"}')).toBe(1)
    await stream.end('hello')
    expect(await stream.text()).toBe('hello')
    await expect(client.dial((await generateIdentity()).peerId)).rejects.toMatchObject({ code: 'NoAddresses' })
    await server.close()
    await connection.closed

    expect(await series(registry, 'swarmd_connections_opened_total', '{direction="outbound"}')).toBe(1)
    expect(await series(registry, 'swarmd_connections_closed_total', '{reason="shutdown"}')).toBe(1)
    expect(await series(registry, 'swarmd_dial_errors_total', '{code="NoAddresses"}')).toBe(1)
    expect(await series(registry, 'swarmd_stream_bytes', '{protocol_direction="/echo/1.0.0 read"}')).toBe(5)
    expect(await series(registry, 'swarmd_connections', '{direction="outbound"}')).toBe(0)
    expect(await series(registry, 'swarmd_buffered_bytes')).toBe(0)
    expect(await registry.metrics()).toContain('libp2p_data_transfer_bytes_total')
  })

  it('has the series that docs/metrics.md lists, and no others of its own', async () => {
    const registry = new Registry()
    const swarm = await createSwarm({ metrics: prometheusMetrics({ registry, collectDefaultMetrics: false }) })

    await swarm.close()

    const documented = [...readTopFile('docs/metrics.md').matchAll(/^\| `(swarmd_\w+)`/gm)].map(([, name]) => name)

    expect(registry.getMetricsAsArray().map(({ name }) => name).filter((name) => name.startsWith('swarmd_')).sort()).toEqual(documented.sort())
  })
})

describe('bandwidth', () => {
  it('knows the bytes of each protocol and of each connected peer, without any metrics', async () => {
    await using server = await createSwarm({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    await using client = await createSwarm()

    server.handle('/echo/1.0.0', async (stream) => { await stream.pipeTo(stream) })

    const stream = await client.newStream(server.interfaceListenAddresses(), '/echo/1.0.0')

    await stream.end('hello')
    await stream.text()

    expect(client.bandwidth().protocols.get('/echo/1.0.0')).toEqual({ read: 5, written: 5 })
    expect(client.bandwidth().peers.get(server.peerId.toString())?.written).toBeGreaterThan(5)
    expect(client.stat().bytes.read).toBe(client.bandwidth().total.read)

    await server.close()
    await eventually(() => client.bandwidth().peers.size === 0)
    expect(client.bandwidth().total.read).toBeGreaterThan(5)
  })
})
