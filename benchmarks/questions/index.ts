import { bulk } from './bulk.ts'
import { coldStart } from './cold-start.ts'
import { connections } from './connections.ts'
import { growth } from './growth.ts'
import { latencyDuringBulk } from './latency.ts'
import { memory } from './memory.ts'
import { messages } from './messages.ts'
import { requests } from './requests.ts'
import { streams } from './streams.ts'
import type { Question } from './question.ts'

/** In the order of the report. */
export const QUESTIONS: readonly Question[] = [bulk, messages, requests, streams, connections, memory, latencyDuringBulk, coldStart, growth]
