import { socketPair } from '../../support/channel-pairs.ts'
import { runChannelCompliance } from '../../support/run-channel-compliance.ts'

// messages lie one behind the other there, and are msgpack: spec-channel 11.3
runChannelCompliance('spdy', socketPair('spdy://127.0.0.1:0'), { capabilities: { codecs: false } })
