import { quantile } from './question.ts'
import type { Measure, Question } from './question.ts'

function latency (share: number): Measure {
  const name = `p${share * 100}`

  return {
    name: `${name}-during-bulk`,
    title: `${name} of a small request during bulk`,
    unit: 'ms',
    better: 'less',
    per: 'request',
    async take (stage, seconds) {
      const { latenciesMs = [], units, bulkBytesPerSecond, seconds: took, cost } = await stage.ask('requestsDuringBulk', { seconds })

      return {
        value: quantile(latenciesMs, share),
        units,
        seconds: took,
        cost,
        ...bulkBytesPerSecond == null ? {} : { also: { 'bulk MiB/s': bulkBytesPerSecond / 2 ** 20 } }
      }
    }
  }
}

export const latencyDuringBulk: Question = {
  name: 'latency',
  title: 'Latency under load',
  about: 'Requests of 100 bytes, one at a time, while a bulk transfer runs on another stream of the same connection.',
  measures: [latency(0.5), latency(0.99)]
}
