import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { children, collectErrors, eachChunk, hostNodes, run, textOf } from '../support/mesh-pipeline.ts'
import { until } from '../support/until.ts'

const LINE_BYTES = 64 * 1024 * 1024

describe('a pipeline with stages at several peers', () => {
  it('is complete and in order, and tells how it ended', { timeout: 60_000 }, async () => {
    const [{ host }, a, b, c] = await hostNodes(4)
    const { running, output } = await run(host, [`exec seq 1 2000000 @${a?.id}`, `exec cat @${b?.id}`, `exec grep -v nothing @${c?.id}`])
    const hash = createHash('sha256')
    const wanted = createHash('sha256')

    await eachChunk(output, (bytes) => { hash.update(bytes) })

    for (let n = 1; n <= 2_000_000; n++) {
      wanted.update(`${n}\n`)
    }

    expect(hash.digest('hex')).toBe(wanted.digest('hex'))
    expect(await running.ended).toMatchObject({ code: 0, stages: [{ code: 0 }, { code: 0 }, { code: 0 }] })
    await until(() => children().length === 0)
  })

  it('passes a line of 64 MiB', { timeout: 60_000 }, async () => {
    const [{ host }, a, b] = await hostNodes(3)
    const { running, output } = await run(host, [`exec --shell 'head -c ${LINE_BYTES} /dev/zero | tr "\\0" x; echo' @${a?.id}`, `exec cat @${b?.id}`])
    let count = 0
    let last: number | undefined

    await eachChunk(output, (bytes) => {
      count += bytes.length
      last = bytes.at(-1)
    })

    expect([count, last]).toEqual([LINE_BYTES + 1, 10])
    expect((await running.ended).code).toBe(0)
  })

  it('ends as soon as its last stage has enough, and leaves no process', async () => {
    const [{ host }, a, b] = await hostNodes(3)
    const { running, output } = await run(host, [`exec yes @${a?.id}`, `exec head -n 1 @${b?.id}`])

    expect(await textOf(output)).toBe('y\n')
    expect(await running.ended).toMatchObject({ code: 141, stages: [{ code: 141 }, { code: 0 }] })
    await until(() => children().length === 0)
  })

  it('gives the standard error of each stage, apart from the bytes', async () => {
    const [{ host }, a, b] = await hostNodes(3)
    const { texts, onReport } = collectErrors()
    const { running, output } = await run(host, [`exec --shell 'echo one >&2; echo data' @${a?.id}`, `exec --shell 'cat; echo two >&2' @${b?.id}`, "exec --shell 'cat; echo three >&2'"], { onReport })

    expect(await textOf(output)).toBe('data\n')
    expect((await running.ended).code).toBe(0)
    expect(texts).toEqual(['one\n', 'two\n', 'three\n'])
  })

  it('ends with the signal of a stage that was killed', async () => {
    const [{ host }, a, b, c] = await hostNodes(4)
    const { running, output } = await run(host, [`exec yes @${a?.id}`, `exec --shell 'kill -KILL $$' @${b?.id}`, `exec cat @${c?.id}`])

    await textOf(output).catch(() => {})

    const { code, stages } = await running.ended

    expect(code).toBe(137)
    expect(stages).toMatchObject([{ code: 141 }, { name: expect.stringContaining('exec --shell'), code: 137, signal: 'SIGKILL' }, { code: 0 }])
    await until(() => children().length === 0)
  })

  it('stops everywhere when it is stopped here', async () => {
    const [{ host }, a, b] = await hostNodes(3)
    const { running, output } = await run(host, [`exec yes @${a?.id}`, `exec cat @${b?.id}`, 'exec cat'])
    const reading = textOf(output).catch(() => {})

    await until(() => children().length === 3)
    await running.stop()
    await reading

    await until(() => children().length === 0)
    expect((await running.ended).code).not.toBe(0)
  })

  it('ends with an error that names the stage whose peer was lost, and ends its process there', async () => {
    const [{ host }, a, b, c] = await hostNodes(4)
    const { running, output } = await run(host, [`exec yes @${a?.id}`, `exec --shell 'cat' @${b?.id}`, `exec cat @${c?.id}`])
    let count = 0
    const reading = eachChunk(output, (bytes) => { count += bytes.length }).catch(() => {})

    await until(() => count > 0)

    for (const connection of b?.mesh.swarm.connections() ?? []) {
      connection.abort(new Error('power failure'))
    }

    const { code, stages } = await running.ended

    await reading
    await until(() => children().length === 0)
    expect(code).not.toBe(0)
    expect(stages[1]).toMatchObject({ name: expect.stringContaining('--shell'), error: expect.stringMatching(/lost|closed|ended/) })
  })

  it('holds bounded bytes when its last reader stalls', { timeout: 60_000 }, async () => {
    const [first, a, b] = await hostNodes(3)
    const { running, output } = await run(first.host, [`exec yes @${a?.id}`, `exec cat @${b?.id}`])
    const { value: message } = await output.receive()
    const swarms = [first, a, b].map((node) => node?.mesh.swarm)
    const moved = (): number => swarms.reduce((sum, swarm) => sum + (swarm?.bandwidth().total.written ?? 0), 0)
    let before = -1
    let same = 0

    await until(() => {
      same = moved() === before ? same + 1 : 0
      before = moved()

      return same === 100
    })

    expect(message?.args).toEqual(['stdout'])
    expect(moved()).toBeGreaterThan(64 * 1024)
    expect(moved()).toBeLessThan(64 * 1024 * 1024)

    await running.stop()
    await until(() => children().length === 0)
  })
})
