/**
 * What helps to test programs that use a swarm or channels: time that moves when told to, chance that a seed decides,
 * a network in memory, and what every way to carry channels has to pass.
 */
export { channelCompliance } from './channel-compliance/channel-compliance.ts'
export { FakeClock, settle } from './fake-clock.ts'
export { MemoryNetwork } from './memory-network.ts'
export { seededRandom } from './seeded-random.ts'
export type { ChannelCapabilities, ChannelComplianceInit, ChannelSetup, ComplianceSizes, MemoryGauge, SessionPair, SessionPairOptions, TestRunner } from './channel-compliance/contract.ts'
