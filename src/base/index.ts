/**
 * One idea a file, and nothing of ours beneath: errors with codes, time, chance, permits, signals.
 *
 * - `errors`: the closed list of error codes, and the class that carries them
 * - `clock`, `random`: time and chance as arguments
 * - `busy-poll`: an event loop that stays awake for answers
 * - `signals`, `shared-timeout`: bounded waiting
 * - `permits`: bounded use
 * - `bytes`, `byte-queue`: bytes put together, bytes that wait
 * - `slab`, `free-bytes`, `freed-memory`, `young-garbage`: memory for short-lived bytes
 * - `keep-alive`: whether a silent peer still lives
 * - `outcome`: what comes once, and is a promise only for who asks
 * - `web-streams`: WHATWG streams over ours
 * - `transient`, `bounded-map`: sets and maps of what comes and goes, and one that forgets
 * - `nearest`: the word that was probably meant
 * - `version`: which release this is
 */
export { CodedError, ERROR_CODES, isCoded, toError, withoutStack } from './errors.ts'
export { Deadline, raceOrEnd, raceSignal } from './signals.ts'
export { SharedTimeout } from './shared-timeout.ts'
export { BoundedMap } from './bounded-map.ts'
export { ByteQueue } from './byte-queue.ts'
export { chunksOf, concat, plainBytes } from './bytes.ts'
export { freeBytes, MIN_FREED_BYTES } from './free-bytes.ts'
export { keepFreedMemory } from './freed-memory.ts'
export { KeepAlive } from './keep-alive.ts'
export { Outcome } from './outcome.ts'
export { nearest } from './nearest.ts'
export { holding, Permits } from './permits.ts'
export { BUSY_POLL_DEFAULTS, BusyPoll, busyPoll } from './busy-poll.ts'
export { after, pause, systemClock } from './clock.ts'
export { systemRandom } from './random.ts'
export { slab } from './slab.ts'
export { TransientMap, TransientSet } from './transient.ts'
export { toWritableStream } from './web-streams.ts'
export { allocatedOutside } from './young-garbage.ts'
export { VERSION } from './version.ts'
export type { BusyPollInit, EventLoop } from './busy-poll.ts'
export type { Clock, Timer, TimerOptions } from './clock.ts'
export type { Coded, ErrorCode } from './errors.ts'
export type { DeadlineInit } from './signals.ts'
export type { Permit } from './permits.ts'
export type { Random } from './random.ts'
export type { Pending } from './shared-timeout.ts'
