import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, turns } from '../../support/settle.ts'
import { connectedPair, MUXERS } from '../../support/upgrade-pair.ts'
import type { CloseReason, Stream } from '../../../src/swarm/contract/index.ts'
import type { ConnectedPair, Peer } from '../../support/upgrade-pair.ts'
import type { StreamMuxerFactory } from '@libp2p/interface'

/** Calls that have not ended, and streams that were opened. */
class Calls {
  open = 0
  readonly streams: Stream[] = []

  add (call: Promise<unknown>): void {
    this.open++
    call.catch(() => {}).finally(() => { this.open-- }).catch(() => {})
  }

  openStream (pair: ConnectedPair, side: 'inbound' | 'outbound', protocol: string, negotiate: 'full' | 'lazy'): void {
    this.add(pair[side].newStream(protocol, { negotiate }).then((stream) => { this.streams.push(stream) }))
  }
}

const DEEDS: Record<string, (calls: Calls, pair: ConnectedPair, side: 'inbound' | 'outbound') => void> = {
  open: (calls, pair, side) => { calls.openStream(pair, side, '/echo', 'full') },
  'open lazily': (calls, pair, side) => { calls.openStream(pair, side, '/echo', 'lazy') },
  'open what is not served': (calls, pair, side) => { calls.openStream(pair, side, '/nobody', 'full') },
  'open lazily what is not served': (calls, pair, side) => { calls.openStream(pair, side, '/nobody', 'lazy') },
  'open what throws': (calls, pair, side) => { calls.openStream(pair, side, '/throws', 'full') },
  'open what holds': (calls, pair, side) => { calls.openStream(pair, side, '/holds', 'full') },
  write: (calls) => { calls.streams.forEach((stream) => { calls.add(stream.write(new Uint8Array(100_000))) }) },
  read: (calls) => { calls.streams.forEach((stream) => { calls.add(stream.read()) }) },
  end: (calls) => { calls.streams.forEach((stream) => { calls.add(stream.end('!')) }) },
  close: (calls) => { calls.streams.forEach((stream) => { calls.add(stream.close()) }) },
  reset: (calls) => { calls.streams.at(0)?.reset() }
}

const by = 'local' as const
const ENDS: Record<string, (calls: Calls, pair: ConnectedPair) => void> = {
  'one side closes': (calls, pair) => { calls.add(pair.outbound.close()) },
  'the other side closes': (calls, pair) => { calls.add(pair.inbound.closeWith({ code: 'shutdown', by })) },
  'both sides close': (calls, pair) => {
    calls.add(pair.outbound.closeWith({ code: 'supplanted', by }))
    calls.add(pair.inbound.close())
  },
  'one side aborts': (_calls, pair) => { pair.inbound.abort() },
  'one side closes and then aborts': (calls, pair) => {
    calls.add(pair.outbound.close())
    pair.outbound.abort()
  },
  'the cable is cut': (_calls, pair) => { pair.sockets[0].abort(new Error('cut')) },
  'the other side vanishes': (_calls, pair) => { pair.sockets.forEach((socket) => { socket.pause() }) }
}

async function storm (muxer: StreamMuxerFactory, clock: FakeClock): Promise<ConnectedPair> {
  const pair = await connectedPair({ clock, muxers: [muxer] }, { clock, muxers: [muxer] })

  for (const { handle } of [pair.near, pair.far]) {
    handle('/echo', async (stream) => { await stream.pipeTo(stream) })
    handle('/throws', async () => { throw new Error('a bug') })
    handle('/holds', async (stream) => { await stream.closed })
  }

  return pair
}

/** What must be true of a peer when its only connection has ended. */
function expectNothingLeft ({ told, reasons, connectionLimits, streamLimits, budget }: Peer): void {
  expect(reasons).toHaveLength(1)
  expect(told.filter((line) => line.startsWith('opened'))).toHaveLength(told.filter((line) => line.startsWith('closed')).length)
  expect(connectionLimits.stat()).toEqual({ inbound: 0, outbound: 0, peers: 0, ips: 0, pending: 0, queued: 0 })
  expect(streamLimits.stat()).toEqual({ inbound: 0, outbound: 0 })
  expect(budget.used).toBe(0)
}

const deed = fc.record({
  side: fc.constantFrom('inbound' as const, 'outbound' as const),
  name: fc.constantFrom(...Object.keys(DEEDS)),
  pause: fc.constantFrom(0, 0, 1, 10)
})

describe.each(MUXERS)('whatever happens to a connection over %s,', (_name, muxer) => {
  it('it ends once, every call ends, and nothing is left on either side', async () => {
    await fc.assert(fc.asyncProperty(fc.array(deed, { maxLength: 20 }), fc.constantFrom(...Object.keys(ENDS)), async (deeds, end) => {
      const clock = new FakeClock()
      using pair = await storm(muxer, clock)
      const calls = new Calls()

      for (const { side, name, pause } of deeds) {
        DEEDS[name]?.(calls, pair, side)
        await turns(pause)
      }

      ENDS[end]?.(calls, pair)

      // a vanished peer is given up after 45 s
      for (let second = 0; second < 50 && pair.near.reasons.length + pair.far.reasons.length < 2; second++) {
        await turns(20)
        await clock.advance(1_000)
      }

      const [near, far]: CloseReason[] = await Promise.all([pair.outbound.closed, pair.inbound.closed])

      await eventually(() => calls.open === 0, 'all calls to end')
      expect([near?.code, far?.code]).not.toContain(undefined)
      expectNothingLeft(pair.near)
      expectNothingLeft(pair.far)
      expect(clock.pending).toBe(0)
    }), { numRuns: 60 })
  }, 60_000)
})
