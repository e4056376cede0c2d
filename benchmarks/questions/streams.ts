import { rate } from './question.ts'
import type { Question } from './question.ts'

export const streams: Question = {
  name: 'streams',
  title: 'Streams',
  about: 'Opens a stream, sends 100 bytes, reads them back, closes both ways; all on one connection.',
  measures: [1, 64].map((parallel) => ({
    name: `streams-${parallel}`,
    title: `stream open, echo, close ×${parallel}`,
    unit: '1/s',
    better: 'more',
    per: 'stream',
    take: rate('streams', parallel)
  }))
}
