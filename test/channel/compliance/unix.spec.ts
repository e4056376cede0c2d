import { socketPair } from '../../support/channel-pairs.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

runChannelCompliance('unix', socketPair('unix:///'))
