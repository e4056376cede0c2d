import { isCoded } from '../base/index.ts'
import type { CloseReason } from './contract/connection.ts'
import type { ByteCount } from './contract/swarm.ts'
import type { CounterGroup, Metrics } from '@libp2p/interface'

interface ByDirection {
  inbound: number
  outbound: number
}

/** Where the levels come from, when somebody looks. */
export interface MetricSources {
  connections(): ByDirection
  streams(): ByDirection
  dials(): { active: number, waiting: number }
  bufferedBytes(): number
  protocols(): ReadonlyMap<string, Readonly<ByteCount>>
}

/**
 * What the swarm tells a js-libp2p metrics implementation, such as Prometheus. Levels are asked for
 * when somebody looks; only what would be gone by then is counted as it happens. The names are
 * documented in docs/metrics.md.
 */
export class SwarmMetrics {
  readonly #opened: CounterGroup
  readonly #closed: CounterGroup
  readonly #dialErrors: CounterGroup

  constructor (metrics: Metrics, sources: MetricSources) {
    this.#opened = metrics.registerCounterGroup('swarmd_connections_opened_total', { label: 'direction', help: 'Connections that were made' })
    this.#closed = metrics.registerCounterGroup('swarmd_connections_closed_total', { label: 'reason', help: 'Connections that ended, by the code of their close reason' })
    this.#dialErrors = metrics.registerCounterGroup('swarmd_dial_errors_total', { label: 'code', help: 'Dials that failed, by the code of their error' })

    metrics.registerMetricGroup('swarmd_connections', {
      label: 'direction',
      help: 'Open connections',
      calculate: () => {
        const { inbound, outbound } = sources.connections()

        return { inbound, outbound }
      }
    })
    metrics.registerMetricGroup('swarmd_streams', {
      label: 'direction',
      help: 'Open streams',
      calculate: () => ({ ...sources.streams() })
    })
    metrics.registerMetricGroup('swarmd_dials', {
      label: 'state',
      help: 'Peers being dialled, and callers that wait for that',
      calculate: () => ({ ...sources.dials() })
    })
    metrics.registerMetric('swarmd_buffered_bytes', { help: 'Bytes that have arrived and that nobody has read', calculate: () => sources.bufferedBytes() })
    // a gauge, though it only grows: implementations do not agree on what a calculated counter returns
    metrics.registerMetricGroup('swarmd_stream_bytes', {
      label: 'protocol_direction',
      help: 'Bytes of streams, by protocol and direction',
      calculate: () => bytesByProtocol(sources.protocols())
    })
  }

  connectionOpened (direction: 'inbound' | 'outbound'): void {
    this.#opened.increment({ [direction]: true })
  }

  connectionClosed ({ code }: CloseReason): void {
    this.#closed.increment({ [code]: true })
  }

  dialFailed (error: unknown): void {
    this.#dialErrors.increment({ [isCoded(error) ? error.code : 'aborted']: true })
  }
}

function bytesByProtocol (protocols: ReadonlyMap<string, Readonly<ByteCount>>): Record<string, number> {
  const counts: Record<string, number> = {}

  for (const [protocol, { read, written }] of protocols) {
    counts[`${protocol} read`] = read
    counts[`${protocol} written`] = written
  }

  return counts
}
