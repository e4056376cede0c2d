import { scaledRate } from './question.ts'
import type { Question } from './question.ts'

const MIB = 2 ** 20

export const bulk: Question = {
  name: 'bulk',
  title: 'Bulk transfer',
  about: 'Writes of 64 KiB, heeding backpressure, on one connection; the clock stops when the server has said how many bytes it has read.',
  measures: [1, 4].map((streams) => ({
    name: `bulk-${streams}`,
    title: `bulk, ${streams === 1 ? 'one stream' : `${streams} streams`}`,
    unit: 'MiB/s',
    better: 'more',
    per: 'MiB',
    take: scaledRate(MIB, 'bulk', streams)
  }))
}
