import { socketPair } from '../../support/channel-pairs.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

runChannelCompliance('tcp', socketPair('tcp://127.0.0.1:0'))
