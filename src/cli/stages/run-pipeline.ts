import { Deadline, raceSignal, toError } from '../../base/index.ts'
import { LOCAL, pipeline, serve } from '../../service/index.ts'
import { ReaderGone } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { ReplyTimeout } from '../failure.ts'
import { Outlet } from './outlet.ts'
import { StageVoice } from './stage-voice.ts'
import type { Progress } from './progress.ts'
import type { StderrMode } from './stage-voice.ts'
import type { BackendHost, PipelineReport, PipelineStatus, Stage } from '../../service/index.ts'
import type { CommandContext } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'

/** For stages to end, here and at peers, once they were asked to. What is left then is dropped with the connections. */
export const STOP_MS = 5_000

/** Reports of stderr that are still being read when the pipeline has ended. */
const LAST_WORDS_MS = 1_000

export interface PipelineRunInit {
  readonly context: CommandContext
  readonly host: BackendHost
  readonly lines: readonly string[]
  readonly mode: StderrMode | undefined
  readonly progress: Progress | undefined
}

export interface PipelineRun {
  readonly code: ExitCode
  /** Undefined when the reader of the output has gone: nobody wants to know. */
  readonly status: PipelineStatus | undefined
}

/**
 * Launches the stages, runs them to their end and prints what comes out.
 *
 * @throws what launching throws; the reason for which it was stopped
 */
export async function runPipeline (init: PipelineRunInit): Promise<PipelineRun> {
  const { context: { clock, signal, options: { timeout = Infinity } } } = init

  using over = new Deadline({ clock, signal, timeoutMs: timeout, onTimeout: () => new ReplyTimeout('the pipeline', timeout) })

  const stages = await launchAll(init, over.signal)

  try {
    return await play(stages, init, over.signal)
  } finally {
    await Promise.all(stages.map(async ({ object }) => object.close().catch(() => {})))
  }
}

/** All or none: what was launched is ended if another fails. */
async function launchAll ({ lines, host }: PipelineRunInit, signal: AbortSignal): Promise<Stage[]> {
  const launched = await Promise.allSettled(lines.map(async (line) => host.launch(line, { caller: LOCAL, signal })))
  const failed = launched.find((result) => result.status === 'rejected')
  const stages = launched.flatMap((result) => result.status === 'fulfilled' ? [result.value] : [])

  if (failed == null) {
    return stages
  }

  await Promise.all(stages.map(async ({ object }) => object.close().catch(() => {})))
  throw failed.reason
}

async function play (stages: readonly Stage[], { context, mode, progress }: PipelineRunInit, signal: AbortSignal): Promise<PipelineRun> {
  const { output: { json }, clock } = context
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    await progress?.giveWay()
    await context.stderr.write(chunk)
  }
  const voices = stages.map(({ name }, index) => new StageVoice({ stage: index + 1, name, json, mode: mode ?? (stages.length > 1 ? 'prefix' : 'raw'), write }))
  const reports = new Set<Promise<void>>()
  const line = pipeline(stages, {
    clock,
    name: 'the pipeline',
    stopGraceMs: STOP_MS,
    onReport ({ index, message }: PipelineReport) {
      const voice = voices[index]

      if (message.att != null && voice != null) {
        const report = voice.bytes(message.att).catch(() => {}).finally(() => { reports.delete(report) })

        reports.add(report)
      }
    }
  })
  const last = voices.at(-1)

  if (last == null) {
    throw new RangeError('wanted at least one stage, received none')
  }

  const outlet = new Outlet({ context: { ...context, signal }, voice: last, progress })
  const output = line.listen()
  const printed = serve(outlet.server, output, { clock })

  try {
    await raceSignal(line.start(), signal)

    const status = await raceSignal(line.ended, signal)

    await raceSignal(printed, signal)
    await within(Promise.all(reports), LAST_WORDS_MS, context)

    return { status, code: outlet.failure == null || status.code !== 0 ? status.code : EXIT.failure }
  } catch (error) {
    await line.stop()
    output.cancel(toError(error))

    if (signal.reason instanceof ReaderGone) {
      return { status: undefined, code: EXIT.brokenPipe }
    }

    throw error
  }
}

async function within (work: Promise<unknown>, timeoutMs: number, { clock }: CommandContext): Promise<void> {
  using deadline = new Deadline({ clock, timeoutMs, onTimeout: () => new Error(`it took longer than ${timeoutMs} ms`) })

  await raceSignal(work, deadline.signal).catch(() => {})
}
