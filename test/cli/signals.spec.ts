import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { SHUTDOWN_MS, stopOnSignals } from '../../src/cli/signals.ts'
import { FakeClock } from '../support/fake-clock.ts'

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []

  exit (code: number): void {
    this.exits.push(code)
  }
}

function setUp (): { source: FakeProcess, clock: FakeClock, signal: AbortSignal } {
  const source = new FakeProcess()
  const clock = new FakeClock()
  const controller = new AbortController()

  stopOnSignals(source, clock, controller)

  return { source, clock, signal: controller.signal }
}

describe('stopOnSignals', () => {
  it.each([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]])('asks everything to close at the first %s', (name, exitCode) => {
    const { source, signal } = setUp()

    source.emit(name)

    expect(signal.reason).toMatchObject({ name: 'Stopped', exitCode })
    expect(source.exits).toEqual([])
  })

  it('ends the process at once at the second signal, whichever it is', () => {
    const { source, signal } = setUp()

    source.emit('SIGTERM')
    source.emit('SIGINT')

    expect(source.exits).toEqual([130])
    expect(signal.reason).toMatchObject({ exitCode: 143 })
  })

  it('ends the process when closing takes too long', async () => {
    const { source, clock } = setUp()

    source.emit('SIGINT')
    await clock.advance(SHUTDOWN_MS - 1)
    expect(source.exits).toEqual([])
    await clock.advance(1)

    expect(source.exits).toEqual([130])
  })
})
