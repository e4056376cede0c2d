import { mutualTls, socketPair } from '../../support/channel-pairs.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

runChannelCompliance('spdys', socketPair('spdys://127.0.0.1:0', mutualTls()), { capabilities: { codecs: false } })
