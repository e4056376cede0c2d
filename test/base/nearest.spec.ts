import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/base/index.ts'

const COMMANDS = ['demo', 'id', 'listen', 'dial', 'ping', 'cat', 'help']

describe('nearest', () => {
  it.each([
    ['a letter too few', 'lisen', 'listen'],
    ['a letter too many', 'diall', 'dial'],
    ['another letter', 'pong', 'ping'],
    ['two letters swapped', 'idal', 'dial'],
    ['only the beginning', 'lis', 'listen'],
    ['a slip in a short word', 'idd', 'id'],
    ['capitals aside, two slips', 'hlpe', 'help']
  ])('finds the word for %s', (_, word, meant) => {
    expect(nearest(word, COMMANDS)).toBe(meant)
  })

  it.each(['', 'x', 'xy', 'serve', 'connect'])("finds none for '%s'", (word) => {
    expect(nearest(word, COMMANDS)).toBeUndefined()
  })
})
