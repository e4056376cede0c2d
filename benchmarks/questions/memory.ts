import type { Measure, Question, Reading } from './question.ts'
import type { Stage } from '../harness/stage.ts'
import type { Method } from '../harness/wire.ts'

const CONNECTIONS = 1000
const STREAMS = 10_000

/** What a thousand idle things hold, in both ends. */
async function growth (stage: Stage, method: Method, count: number): Promise<Reading> {
  const [server, client] = [await stage.server(), await stage.client(method)]

  if (method === 'idleConnections' && client.ready.offers.includes('prepareIdle')) {
    await client.ask('prepareIdle', count)
  }

  const before = [await server.ask<number>('memory'), await client.ask<number>('memory')] as const

  await client.ask(method, count)

  const after = [await server.ask<number>('memory'), await client.ask<number>('memory')] as const
  const [atServer, atClient] = [0, 1].map((end) => ((after[end] ?? NaN) - (before[end] ?? NaN)) / count / 1024)

  return { value: (atServer ?? NaN) + (atClient ?? NaN), also: { server: atServer ?? NaN, client: atClient ?? NaN } }
}

function idle (name: string, title: string, method: Method, count: number): Measure {
  return {
    name,
    title: `memory per idle ${title}, both ends`,
    unit: 'KiB',
    better: 'less',
    isCold: true,
    maxRounds: 2,
    take: (stage) => growth(stage, method, count)
  }
}

export const memory: Question = {
  name: 'memory',
  title: 'Memory',
  about: `Resident memory after collecting garbage, above what it was before, for ${CONNECTIONS} connections and for ${STREAMS} streams of one connection; each stream has carried a message.`,
  measures: [
    idle('idle-connections', 'connection', 'idleConnections', CONNECTIONS),
    idle('idle-streams', 'stream', 'idleStreams', STREAMS)
  ]
}
