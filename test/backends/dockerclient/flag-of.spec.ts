import { describe, expect, it } from 'vitest'
import { flagOf } from '../../../src/backends/dockerclient/flag-of.ts'

describe('a flag of a body for the engine', () => {
  it.each<[unknown, boolean]>([
    [{ Tty: true }, true],
    [{ tty: true }, true],
    [{ Tty: true, TTY: false }, false],
    [{ Tty: 'true' }, false],
    [{}, false],
    [null, false],
    [[], false]
  ])('of %j is %s, as in Go', (body, expected) => {
    expect(flagOf(body, 'Tty')).toBe(expected)
  })
})
