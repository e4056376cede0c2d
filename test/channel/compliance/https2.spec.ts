import { mutualTls, socketPair } from '../../support/channel-pairs.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

runChannelCompliance('https2', socketPair('https2://127.0.0.1:0/channels', mutualTls()))
