import { rate } from './question.ts'
import type { Question } from './question.ts'

export const requests: Question = {
  name: 'requests',
  title: 'Requests and responses',
  about: '100 bytes there and 100 bytes back on one connection; so many outstanding at a time.',
  measures: [1, 64, 256].map((outstanding) => ({
    name: `requests-${outstanding}`,
    title: `request/response ×${outstanding}`,
    unit: '1/s',
    better: 'more',
    per: 'request',
    take: rate('requests', outstanding)
  }))
}
