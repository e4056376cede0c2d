import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError, ERROR_CODES } from '../../src/base/index.ts'
import { fromErrorArgs, MAX_ERROR_TEXT, ServiceError, toErrorArgs } from '../../src/service/index.ts'

describe('an error', () => {
  it('comes back from its args with code, message and data', () => {
    fc.assert(fc.property(fc.constantFrom(...ERROR_CODES), fc.string(), fc.option(fc.jsonValue(), { nil: undefined }), (code, message, data) => {
      const back = fromErrorArgs(toErrorArgs(new ServiceError(code, message, { data })))

      expect([back.code, back.remoteCode, back.message]).toEqual([code, code, message])
      expect(JSON.stringify(back.data)).toBe(JSON.stringify(data))
    }))
  })

  it('of a code that is none of ours keeps it as its remote code, however far it goes', () => {
    const back = fromErrorArgs(toErrorArgs(fromErrorArgs(['docker.Conflict', 'the name is taken', '{"id":1}'])))

    expect(back).toMatchObject({ code: 'ServiceFailed', remoteCode: 'docker.Conflict', message: 'the name is taken', data: { id: 1 } })
  })

  it('never throws, whatever the args are', () => {
    fc.assert(fc.property(fc.array(fc.string()), (args) => {
      expect(fromErrorArgs(args)).toBeInstanceOf(ServiceError)
    }))
  })

  it.each([
    ['a string', 'broken', ['ServiceFailed', 'broken']],
    ['nothing', undefined, ['ServiceFailed', 'undefined']],
    ['an abort', new DOMException('stop', 'AbortError'), ['CallCancelled', 'stop']],
    ['one with a code', new CodedError('StreamReset', 'cut'), ['StreamReset', 'cut']],
    ['one with a code of the system', Object.assign(new Error('no entry'), { code: 'ENOENT' }), ['ServiceFailed', 'no entry']]
  ])('is made of %s that was thrown', (_what, thrown, args) => {
    expect(toErrorArgs(thrown)).toEqual(args)
  })

  it('keeps its causes, be they without an end, to this process', () => {
    const error = new ServiceError('NotFound', 'no web')

    Object.assign(error, { cause: error })

    expect(toErrorArgs(error)).toEqual(['NotFound', 'no web'])
  })

  it('is cut to 16 KiB, at a character', () => {
    const [, message] = toErrorArgs(new Error(`x${'😀'.repeat(MAX_ERROR_TEXT)}`))

    expect(message?.length).toBe(16 * 1024)
    expect(message?.isWellFormed()).toBe(true)
  })

  it.each([['goes round', roundAbout()], ['is too long', 'x'.repeat(MAX_ERROR_TEXT)], ['is a bigint', 1n], ['is a function', () => {}]])('leaves data out that %s', (_what, data) => {
    expect(toErrorArgs(new ServiceError('NotFound', 'no web', { data }))).toEqual(['NotFound', 'no web'])
  })
})

function roundAbout (): object {
  const object = {}

  return Object.assign(object, { object })
}
