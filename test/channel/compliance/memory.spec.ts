import { memoryPair } from '../../support/memory-session-pair.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

runChannelCompliance('memory', (options) => memoryPair(options))
