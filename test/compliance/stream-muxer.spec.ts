import muxerSuite from '@libp2p/interface-compliance-tests/stream-muxer'
import { yamux as publishedYamux } from '@libp2p/yamux'
import { describe } from 'vitest'
import { yamux } from '../../src/yamux/index.ts'
import type { StreamMuxerFactory } from '@libp2p/interface'

function runSuite (create: () => StreamMuxerFactory): void {
  muxerSuite({
    async setup () { return create() },
    async teardown () {}
  })
}

describe('our yamux', () => {
  runSuite(yamux())
})

// what the suite itself is worth: a failure here is none of ours
describe('@libp2p/yamux', () => {
  runSuite(publishedYamux())
})
