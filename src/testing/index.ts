/**
 * What helps to test programs that use a swarm: time that moves when told to, chance that a seed decides,
 * and a network in memory.
 */
export { FakeClock, settle } from './fake-clock.ts'
export { MemoryNetwork } from './memory-network.ts'
export { seededRandom } from './seeded-random.ts'
