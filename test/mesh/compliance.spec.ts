import { runChannelCompliance } from '../support/run-channel-compliance.ts'
import { swarmChannelsPair } from '../support/swarm-channels-pair.ts'

// the stream of a swarm has a buffer between the window of the muxer and the reader
runChannelCompliance('swarm', swarmChannelsPair, { stalledBytes: 2 * 1024 * 1024 })
