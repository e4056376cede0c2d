import { beforeEach, expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/index.ts'

/**
 * Runs with every test file: after each test, no socket, server or child process of its own
 * may be open, and no timer of the system clock set.
 */

const WATCHED = new Set(['TCPSocketWrap', 'TCPServerWrap', 'UDPWrap', 'ProcessWrap'])
const TURNS = 200

const timers = new Set<object>()
const original = systemClock.at

systemClock.at = (when, fn, options) => {
  const key = {}
  const timer = original(when, () => {
    timers.delete(key)
    fn()
  }, options)

  timers.add(key)

  return {
    [Symbol.dispose]: () => {
      timers.delete(key)
      timer[Symbol.dispose]()
    }
  }
}

function handles (): string[] {
  return process.getActiveResourcesInfo().filter((name) => WATCHED.has(name))
}

/** What was open before the test; of a leak only the test is told that made it. */
let before = handles().length

async function assertNothingLeft (): Promise<void> {
  // closed sockets leave the list on the turns after their close event
  for (let turn = 0; turn < TURNS && (handles().length > before || timers.size > 0); turn++) {
    await new Promise<void>((resolve) => { setImmediate(resolve) })
  }

  const left = { handles: handles().slice(before), timers: timers.size }

  before = handles().length
  timers.clear()
  expect(left, 'what this test left open, or set').toEqual({ handles: [], timers: 0 })
}

// registered first, so it comes last: after the hooks of the test and what it leaves to `onTestFinished`
beforeEach(() => { onTestFinished(assertNothingLeft) })
