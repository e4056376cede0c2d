import { printable } from '../style.ts'
import type { PipelineStatus } from '../../service/index.ts'
import type { Flag } from '../arguments.ts'
import type { CommandContext } from '../command.ts'
import type { ExitCode } from '../exit-codes.ts'

type Ended = PipelineStatus['stages'][number]

/** Says which stages failed, and how; nothing if none did. */
export async function sumUp ({ stages }: PipelineStatus, code: ExitCode, { output, options }: CommandContext<{ quiet: Flag }>): Promise<void> {
  const failed = stages.map((stage, index) => ({ stage, number: index + 1 })).filter(({ stage }) => stage.code !== 0)
  const lines = failed.map(({ stage, number }) => `${output.style.bad('swarmd:')} stage ${number} (${printable(stage.name)}) ${howItEnded(stage)}`)

  if (!options.quiet && (output.json || lines.length > 0)) {
    await output.note('ended', { code, stages }, lines.join('\n'))
  }
}

/** As `exited with code 1`, with the reason that it gave, if any. */
export function howItEnded ({ code, signal, error }: Pick<Ended, 'code' | 'signal' | 'error'>): string {
  const how = signal == null ? `exited with code ${code}` : `was ended by ${signal}`
  const why = signal === 'SIGPIPE' ? 'nobody read its output any more' : error

  return why == null ? how : `${how}: ${why}`
}
