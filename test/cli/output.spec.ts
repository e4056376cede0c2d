import { describe, expect, it } from 'vitest'
import { printable, styleFor } from '../../src/cli/style.ts'
import { memoryOutput } from './support/memory-context.ts'

describe('Output', () => {
  it('prints text for people: results on stdout, notes on stderr', async () => {
    const { output, stdout, stderr } = memoryOutput()

    await output.result('dialled', { ms: 3 }, 'connected\nin 3 ms')
    await output.note('hint', {}, 'mind the gap')

    expect(stdout.text).toBe('connected\nin 3 ms\n')
    expect(stderr.text).toBe('mind the gap\n')
  })

  it('prints one JSON object a line for programs, the name of the event first', async () => {
    const { output, stdout, stderr } = memoryOutput({ json: true })

    await output.result('dialled', { ms: 3, text: 'two\nlines' }, 'connected\nin 3 ms')
    await output.note('hint', {}, 'mind the gap')

    expect(stdout.lines).toEqual(['{"event":"dialled","ms":3,"text":"two\\nlines"}'])
    expect(stderr.lines).toEqual(['{"event":"hint"}'])
  })

  it('tells people nothing of a result without a text', async () => {
    const { output, stdout } = memoryOutput()

    await output.result('ended', { sent: 1 })

    expect(stdout.text).toBe('')
  })

  it('shows details only if they were asked for', async () => {
    const quiet = memoryOutput()
    const verbose = memoryOutput({ verbose: true })

    await quiet.output.detail('opened', {}, 'a stream')
    await verbose.output.detail('opened', {}, 'a stream')

    expect(quiet.stderr.text).toBe('')
    expect(verbose.stderr.text).toBe('a stream\n')
  })

  it('keeps stdout clean once it was given up', async () => {
    const { output, stdout, stderr } = memoryOutput()

    output.giveUpStdout()
    await output.result('listening', {}, 'here')

    expect(stdout.text).toBe('')
    expect(stderr.text).toBe('here\n')
  })
})

describe('styleFor', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a terminal, with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a file', false, {}, false],
    ['a terminal, with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a terminal that can do nothing', true, { TERM: 'dumb' }, false]
  ])('decides about colour on %s', (_, isTerminal, env, isColoured) => {
    expect(styleFor(isTerminal, env).bold('x') !== 'x').toBe(isColoured)
  })
})

describe('printable', () => {
  it('takes out of what others sent all that a terminal obeys, and keeps lines', () => {
    expect(printable('a\u001b[2Jb\u0007\r\u009bc\nd\te')).toBe('a\ufffd[2Jb\ufffd\ufffd\ufffdc\nd\ufffde')
  })
})
