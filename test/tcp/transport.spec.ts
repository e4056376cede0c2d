import { getEventListeners } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultLogger } from '@libp2p/logger'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, vi } from 'vitest'
import { socketOf, tcp } from '../../src/tcp/index.ts'
import { freePort } from '../support/free-port.ts'
import { turns } from '../support/settle.ts'
import { closeOf, connected, dial, Door, never, receive, transport } from './fixtures.ts'
import type { Metrics } from '@libp2p/interface'

function addrs (...texts: string[]): ReturnType<typeof multiaddr>[] {
  return texts.map((text) => multiaddr(text))
}

/** Metrics that write down what is counted. */
function countingMetrics (): { metrics: Metrics, counted: string[] } {
  const counted: string[] = []
  const group = (name: string): object => ({
    increment: (values: object) => { counted.push(`${name} ${Object.keys(values).join().replace(/:\d+/, '')}`) },
    update: (values: object) => { counted.push(`${name} ${Object.values(values).join()}`) }
  })

  return { counted, metrics: { registerMetricGroup: group, registerCounterGroup: group } as unknown as Metrics }
}

describe('a transport over TCP', () => {
  it('takes addresses of TCP and of unix sockets', () => {
    const all = addrs('/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/udp/1', '/unix/tmp%2Fa', '/dns4/a.example/tcp/1', '/ip4/1.2.3.4/tcp/1/ws')

    expect(transport().dialFilter(all).map(String)).toEqual(['/ip4/1.2.3.4/tcp/1', '/unix/tmp%2Fa', '/dns4/a.example/tcp/1'])
    expect(transport().listenFilter(all)).toEqual(transport().dialFilter(all))
  })

  it('says who is at the other end', async () => {
    await using ends = await connected()

    expect(ends.dialled).toMatchObject({ direction: 'outbound', remoteAddr: ends.listener.getAddrs()[0] })
    expect(ends.accepted.direction).toBe('inbound')
    expect(ends.accepted.remoteAddr.toString()).toBe(`/ip4/127.0.0.1/tcp/${socketOf(ends.dialled)?.localPort}`)
  })

  it.each(['/dns4/localhost/tcp/0', '/ip6/::1/tcp/0'])('listens on %s, and dials that', async (text) => {
    await using ends = await connected({ address: multiaddr(text) })

    ends.dialled.send(Uint8Array.of(7))

    expect([...await receive(ends.accepted, 1)]).toEqual([7])
  })

  it('goes over unix sockets', async () => {
    const path = join(tmpdir(), `swarmd-tcp-${process.pid}.sock`)
    const address = multiaddr(`/unix/${encodeURIComponent(path)}`)

    await using ends = await connected({ address })
    const closed = closeOf(ends.accepted)

    expect(ends.listener.getAddrs().map(String)).toEqual([address.toString()])
    expect(ends.accepted.remoteAddr.toString()).toBe(address.toString())

    ends.dialled.send(Uint8Array.of(7))

    expect([...await receive(ends.accepted, 1)]).toEqual([7])

    ends.dialled.abort(new Error('there is no reset of a unix socket'))

    expect(await closed).toMatchObject({ error: undefined })
  })

  it('fails with what the system says', async () => {
    const port = await freePort()

    await expect(dial(transport(), multiaddr(`/ip4/127.0.0.1/tcp/${port}`))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('fails with what the system says of a unix socket', async () => {
    await expect(dial(transport(), multiaddr(`/unix/${encodeURIComponent(join(tmpdir(), 'swarmd-nobody.sock'))}`))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('fails with the reason of the signal, before and while it dials', async () => {
    const controller = new AbortController()
    // nobody answers there (RFC 5737); where there is no route at all, the signal is still first
    const dialling = dial(transport(), multiaddr('/ip4/192.0.2.1/tcp/1'), controller.signal)

    controller.abort(new Error('not any more'))

    await expect(dialling).rejects.toThrow('not any more')
    await expect(dial(transport(), multiaddr('/ip4/192.0.2.1/tcp/1'), controller.signal)).rejects.toThrow('not any more')
  })

  it('forgets the signal when it is connected', async () => {
    const controller = new AbortController()

    await using ends = await connected()
    const second = await dial(transport(), ends.listener.getAddrs()[0], controller.signal)

    expect(getEventListeners(controller.signal, 'abort')).toEqual([])

    controller.abort()
    await turns(5)

    expect(second.status).toBe('open')
    second.abort(new Error('done'))
  })

  it('aborts a connection whose upgrade fails', async () => {
    await using ends = await connected()
    const made: string[] = []
    const upgrader = {
      upgradeOutbound: async (connection: { status: string, addEventListener(type: string, fn: () => void): void }) => {
        connection.addEventListener('close', () => { made.push(connection.status) })
        throw new Error('it is not welcome')
      }
    }

    const [address] = ends.listener.getAddrs()

    await expect(transport().dial(address as never, { upgrader: upgrader as never, signal: never })).rejects.toThrow('it is not welcome')
    expect(made).toEqual(['aborted'])
  })

  it('tells of its progress', async () => {
    await using ends = await connected()
    const onProgress = vi.fn()
    const connection = await transport().dial(ends.listener.getAddrs()[0] as never, { upgrader: new Door().upgrader, signal: never, onProgress })

    expect(onProgress.mock.calls.map(([event]) => (event as Event).type)).toEqual(['tcp:open-connection'])
    connection.abort(new Error('done'))
  })

  it('counts what happens', async () => {
    const { metrics, counted } = countingMetrics()
    const counting = tcp()({ logger: defaultLogger(), metrics })
    const port = await freePort()

    await dial(counting, multiaddr(`/ip4/127.0.0.1/tcp/${port}`)).catch(() => {})

    {
      await using ends = await connected({ dialer: counting, listener: counting })
      const closed = closeOf(ends.accepted)

      await ends.dialled.close()
      await closed
    }

    expect(counted.toSorted()).toEqual([
      'libp2p_tcp_dialer_events_total connect',
      'libp2p_tcp_dialer_events_total error',
      'libp2p_tcp_listener_events_total 127.0.0.1 connection',
      'libp2p_tcp_listener_events_total 127.0.0.1 end',
      'libp2p_tcp_listener_status_info 0',
      'libp2p_tcp_listener_status_info 1'
    ])
  })
})
