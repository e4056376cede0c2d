import { describe, expect, it } from 'vitest'
import { PROGRESS_AFTER_MS, Progress, progressText } from '../../src/cli/stages/progress.ts'
import { MAX_LINE, StageVoice } from '../../src/cli/stages/stage-voice.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemorySink } from './support/memory-context.ts'
import type { StderrMode } from '../../src/cli/stages/stage-voice.ts'

function voice (mode: StderrMode, { json = false, service }: { json?: boolean, service?: string } = {}): { voice: StageVoice, sink: MemorySink } {
  const sink = new MemorySink()

  return { voice: new StageVoice({ stage: 2, name: 'exec grep ERR', service, mode, json, write: async (chunk) => sink.write(chunk) }), sink }
}

async function * chunks (...parts: Array<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield typeof part === 'string' ? Buffer.from(part) : part
  }
}

describe('StageVoice', () => {
  it('puts the number and the name of the stage before each line, however the bytes are cut', async () => {
    const { voice: stage, sink } = voice('prefix')
    const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]

    await stage.bytes(chunks('on', 'e\ntw', first, second, '\n\nrest'))

    expect(sink.text).toBe('2 exec grep: one\n2 exec grep: twé\n2 exec grep: \n2 exec grep: rest\n')
  })

  it('names the service where there are several', async () => {
    const { voice: stage, sink } = voice('prefix', { service: 'docker' })

    await stage.log('info', 'ready')

    expect(sink.text).toBe('docker: 2 exec grep: ready\n')
  })

  it('passes bytes on as they are when they are to be raw, and takes nothing that a terminal would obey otherwise', async () => {
    const raw = voice('raw')
    const shown = voice('prefix')

    await raw.voice.bytes(chunks('\u001b[2J', 'no line'))
    await shown.voice.bytes(chunks('\u001b[2J'))

    expect(raw.sink.text).toBe('\u001b[2Jno line')
    expect(shown.sink.text).toBe('2 exec grep: \ufffd[2J\n')
  })

  it('cuts a line that has no end', async () => {
    const { voice: stage, sink } = voice('prefix')

    await stage.bytes(chunks('x'.repeat(2 * MAX_LINE + 1)))

    expect(sink.lines.map((line) => line.length - '2 exec grep: '.length)).toEqual([MAX_LINE, MAX_LINE, 1])
  })

  it('says nothing at all if so told, and still reads', async () => {
    const { voice: stage, sink } = voice('none')

    await stage.bytes(chunks('a\n'))

    expect(sink.text).toBe('')
  })

  it('makes each line an object for programs', async () => {
    const { voice: stage, sink } = voice('raw', { json: true })

    await stage.bytes(chunks('a\nb'))

    expect(sink.lines.map((line) => JSON.parse(line) as object)).toEqual(['a', 'b'].map((text) => ({ event: 'said', stage: 2, name: 'exec grep ERR', stream: 'stderr', text })))
  })
})

describe('Progress', () => {
  it('shows nothing of what is soon done', async () => {
    const clock = new FakeClock()
    const sink = new MemorySink(true)

    {
      await using progress = new Progress({ sink, clock })

      progress.add(5)
      await clock.advance(PROGRESS_AFTER_MS - 1)
    }

    expect(sink.text).toBe('')
    expect(clock.pending).toBe(0)
  })

  it('shows bytes, their rate and the time, gives way, and is gone at the end', async () => {
    const clock = new FakeClock()
    const sink = new MemorySink(true)

    {
      await using progress = new Progress({ sink, clock })

      progress.add(4 * 1024 * 1024)
      await clock.advance(PROGRESS_AFTER_MS)

      expect(sink.text).toBe('\r\u001b[K4.0 MiB  2.0 MiB/s  0:02')

      sink.text = ''
      await progress.giveWay()
      await progress.giveWay()

      expect(sink.text).toBe('\r\u001b[K')

      await clock.advance(500)
      sink.text = ''
    }

    expect(sink.text).toBe('\r\u001b[K')
    expect(clock.pending).toBe(0)
  })

  it.each([
    [0, 0, '0 B  0 B/s  0:00'],
    [1023, 1000, '1023 B  1023 B/s  0:01'],
    [1024, 61_000, '1.0 KiB  17 B/s  1:01'],
    [5 * 2 ** 40, 3_600_000, '5.0 TiB  1.4 GiB/s  60:00']
  ])('writes %i bytes in %i ms as %s', (bytes, ms, text) => {
    expect(progressText(bytes, ms)).toBe(text)
  })
})
