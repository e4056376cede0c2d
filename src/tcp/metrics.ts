import type { CounterGroup, MetricGroup, Metrics } from '@libp2p/interface'

/** Names and labels are those of `@libp2p/tcp`, so that dashboards need not change. */

export interface DialerMetrics {
  events: CounterGroup<'error' | 'connect' | 'abort'>
  errors: CounterGroup<'outbound_to_connection' | 'outbound_upgrade'>
}

export function dialerMetrics (metrics: Metrics | undefined): DialerMetrics | undefined {
  return metrics == null
    ? undefined
    : {
        events: metrics.registerCounterGroup('libp2p_tcp_dialer_events_total', { label: 'event', help: 'What happened to dials of TCP addresses' }),
        errors: metrics.registerCounterGroup('libp2p_tcp_dialer_errors_total', { label: 'event', help: 'What went wrong with dials of TCP addresses' })
      }
}

/** How a listener is, in `libp2p_tcp_listener_status_info`. */
export const LISTENER_STATUS = { inactive: 0, active: 1, paused: 2 } as const

export interface ListenerView {
  /** As text, for a label. */
  readonly name: string
  readonly connections: number
}

/** What is counted of one listener. Without metrics it does nothing. */
export class ListenerMetrics {
  readonly #view: ListenerView
  readonly #status: MetricGroup | undefined
  readonly #errors: CounterGroup | undefined
  readonly #events: CounterGroup | undefined

  constructor (metrics: Metrics | undefined, view: ListenerView) {
    const label = 'address'

    this.#view = view
    metrics?.registerMetricGroup('libp2p_tcp_inbound_connections_total', {
      label,
      help: 'Open connections of TCP listeners',
      calculate: () => ({ [view.name]: view.connections })
    })
    this.#status = metrics?.registerMetricGroup('libp2p_tcp_listener_status_info', { label, help: 'Whether TCP listeners accept: 0 no, 1 yes, 2 not for now' })
    this.#errors = metrics?.registerCounterGroup('libp2p_tcp_listener_errors_total', { label, help: 'What went wrong with TCP listeners' })
    this.#events = metrics?.registerCounterGroup('libp2p_tcp_listener_events_total', { label, help: 'What happened to TCP listeners' })
  }

  status (status: keyof typeof LISTENER_STATUS): void {
    this.#status?.update({ [this.#view.name]: LISTENER_STATUS[status] })
  }

  error (what: 'listen_error' | 'inbound_upgrade'): void {
    this.#errors?.increment({ [`${this.#view.name} ${what}`]: true })
  }

  event (what: 'connection' | 'drop' | 'end' | 'abort' | 'reset'): void {
    this.#events?.increment({ [`${this.#view.name} ${what}`]: true })
  }
}
