import { rate } from './question.ts'
import type { Question } from './question.ts'

export const messages: Question = {
  name: 'messages',
  title: 'One-way messages',
  about: 'Messages of 100 bytes, one call each, heeding backpressure; the clock stops when the server has said that it has got all.',
  measures: [{
    name: 'messages',
    title: 'one-way messages of 100 B',
    unit: '1/s',
    better: 'more',
    per: 'message',
    take: rate('messages')
  }]
}
