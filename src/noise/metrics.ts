import type { Counter, Metrics } from '@libp2p/interface'

/** Counts handshakes, under the names that libp2p's dashboards know. */
export interface NoiseMetrics {
  handshakes: Counter
  failedHandshakes: Counter
}

export function registerMetrics (metrics: Metrics | undefined): NoiseMetrics | undefined {
  return metrics == null
    ? undefined
    : {
        handshakes: metrics.registerCounter('libp2p_noise_xxhandshake_successes_total', { help: 'Handshakes that made a connection' }),
        failedHandshakes: metrics.registerCounter('libp2p_noise_xxhandshake_error_total', { help: 'Handshakes that failed' })
      }
}
