import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { bytes, readAll } from './fixtures.ts'
import { tcpNode } from './nodes.ts'
import type { TestNode } from './nodes.ts'
import type { PluginFactory } from '../../../src/swarm/index.ts'
import type { Identify } from '@libp2p/identify'
import type { Metrics } from '@libp2p/interface'
import type { Ping } from '@libp2p/ping'

interface Services extends Record<string, unknown> {
  identify: Identify
  ping: Ping
}

async function measuredNode (): Promise<TestNode<Services> & { registry: Registry }> {
  const registry = new Registry()
  const metrics = prometheusMetrics({ registry, collectDefaultMetrics: false }) as PluginFactory<Metrics>
  const node = await tcpNode<Services>({ metrics, services: { identify: identify(), ping: ping() } })

  return { ...node, registry }
}

/** The values of one metric, by their labels. */
async function values (registry: Registry, name: string): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric(name)?.get()

  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]))
}

describe('prometheus-metrics of js-libp2p', () => {
  it('counts the bytes of connections and of protocols', async () => {
    const [a, b] = [await measuredNode(), await measuredNode()]

    await b.libp2p.handle('/sink/1', async (stream) => {
      await readAll(stream as never)
      await stream.close()
    })

    const stream = await a.libp2p.dialProtocol(b.libp2p.getMultiaddrs(), '/sink/1')

    stream.send(bytes('x'.repeat(10_000)))
    await stream.close()
    await readAll(stream as never)

    const sent = await values(a.registry, 'libp2p_data_transfer_bytes_total')

    expect(sent['/sink/1 sent']).toBeGreaterThanOrEqual(10_000)
    expect(sent['global sent']).toBeGreaterThan(10_000)
    expect((await values(b.registry, 'libp2p_data_transfer_bytes_total'))['/sink/1 received']).toBeGreaterThanOrEqual(10_000)
  })
})
