import type { Measure, Question, Reading } from './question.ts'
import type { Done } from '../systems/system.ts'

/** By what the CPU spends: time that passes would say more of the machine. */
function perOperation ({ units, seconds }: Done, cpuSeconds: number): Reading {
  return { value: cpuSeconds / units * 1e6, units, seconds }
}

/** Beside many peers, much has to come back into the caches after the turns of other systems. */
const LEAD_IN_SECONDS = 1

function amongPeers (peers: number): Measure {
  return {
    name: `peers-${peers}`,
    title: `CPU of a stream open, echo, close among ${peers} peers`,
    unit: 'µs',
    better: 'less',
    leadInSeconds: LEAD_IN_SECONDS,
    async take (stage, seconds) {
      const hub = await stage.once(`crowd of ${peers}`, () => stage.start('crowd', String(peers)))
      const before = await hub.usage()
      const done = await hub.ask<Done>('operations', { seconds })

      return perOperation(done, (await hub.usage()).cpuSeconds - before.cpuSeconds)
    }
  }
}

function amongStreams (streams: number): Measure {
  return {
    name: `open-streams-${streams}`,
    title: `CPU of a request/response ×64 beside ${streams} idle streams, both ends`,
    unit: 'µs',
    better: 'less',
    async take (stage, seconds) {
      const client = await stage.once(`client with ${streams}`, async () => {
        const fresh = await stage.newClient('requests', 'idleStreams')

        await fresh.ask('idleStreams', streams)

        return fresh
      })
      const { cost, ...done } = await stage.askOf(client, 'requests', { seconds }, 64)

      return perOperation(done, cost.serverCpuSeconds + cost.clientCpuSeconds)
    }
  }
}

export const growth: Question = {
  name: 'growth',
  title: 'Growth',
  about: 'What an operation costs as a node gets more peers (all in one process, over memory, in turn) and a connection more streams.',
  measures: [...[10, 100, 1000].map(amongPeers), ...[1, 100, 10_000].map(amongStreams)]
}
