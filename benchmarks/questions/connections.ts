import { rate } from './question.ts'
import type { Measure, Question } from './question.ts'

/** A connection runs most of its code once: it takes some thirteen thousand of them until compilers have seen enough. */
const WARM_UP_SECONDS = 15

/** Most of what they run is warm by then. */
const RESUMPTIONS_WARM_UP_SECONDS = 4

/**
 * In a process that waits for half a minute V8 may collect everything, and with it what it knows of code and objects that are not in use; it takes
 * some thousand connections until that is back.
 */
const LEAD_IN_SECONDS = 4

function newConnections (parallel: number): Measure {
  return {
    name: `connections-${parallel}`,
    title: `new connections ×${parallel}`,
    unit: '1/s',
    better: 'more',
    per: 'connection',
    ...parallel > 1 ? { warmUpSeconds: WARM_UP_SECONDS, leadInSeconds: LEAD_IN_SECONDS } : {},
    take: rate('connections', parallel)
  }
}

function resumptions (parallel: number): Measure {
  return { ...newConnections(parallel), warmUpSeconds: RESUMPTIONS_WARM_UP_SECONDS, name: `resumptions-${parallel}`, title: `new connections with session reuse ×${parallel}`, take: rate('resumptions', parallel) }
}

/** Asked at once for a connection that is not there yet. */
const CALLERS = 1000

const fanIn: Measure = {
  name: 'fan-in',
  title: `${CALLERS} callers dial one peer`,
  unit: 'ms',
  better: 'less',
  per: 'caller',
  async take (stage) {
    const { units, seconds, cost } = await stage.ask('fanIn', CALLERS)

    return { value: seconds * 1000, units, seconds, cost }
  }
}

export const connections: Question = {
  name: 'connections',
  title: 'New connections',
  about: 'The handshakes of all layers, the names of both ends proven where the system does that, an echo of 100 bytes, and the end. Callers: all at once, each with a stream and an echo of its own, over the one connection that the first has begun.',
  measures: [newConnections(1), newConnections(32), resumptions(1), resumptions(32), fanIn]
}
