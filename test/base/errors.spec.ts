import { describe, expect, it } from 'vitest'
import { CodedError, withoutStack } from '../../src/base/index.ts'

const frames = ({ stack = '' }: Error): number => stack.split('\n').filter((line) => line.trim().startsWith('at ')).length

describe('an error without a stack', () => {
  it('has its message and its code, and no frame', () => {
    const error = withoutStack(() => new CodedError('ConnectionClosed', 'it was closed'))

    expect(error).toMatchObject({ code: 'ConnectionClosed', message: 'it was closed' })
    expect(frames(error)).toBe(0)
  })

  it('leaves all others their stacks, also when it cannot be made', () => {
    expect(() => withoutStack(() => { throw new TypeError('no') })).toThrow('no')
    expect(frames(new CodedError('ConnectionClosed', 'it was closed'))).toBeGreaterThan(0)
  })
})
