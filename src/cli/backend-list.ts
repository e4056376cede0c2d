import { nearest } from '../base/index.ts'
import { EXIT } from './exit-codes.ts'
import { wrap } from './help-text.ts'
import { isModulePath } from './module-path.ts'
import { UsageError } from './usage-error.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Output } from './output.ts'

const WIDTH = 80
const INDENT = '      '

/** What `swarmd` without arguments prints: what there is to run, and how to go on. */
export async function listBackends (output: Output): Promise<ExitCode> {
  const { BACKENDS } = await loadBackends()
  const entries = BACKENDS.map(({ name, usage, summary }) => [
    output.style.bold(`  ${name} ${usage}`.trimEnd()),
    ...wrap(summary, WIDTH - INDENT.length).map((line) => INDENT + line)
  ].join('\n'))

  await output.result('backends', { backends: BACKENDS.map(({ name, usage, summary }) => ({ name, usage, summary })) }, [
    'Backends:',
    ...entries,
    '',
    "Run them: swarmd 'exec seq 100' 'exec grep 7'; 'swarmd help exec' says more on one.",
    "Everything else: 'swarmd --help' lists the commands, and 'swarmd demo' shows it."
  ].join('\n'))

  return EXIT.ok
}

export async function backendNames (): Promise<string[]> {
  return (await loadBackends()).BACKENDS.map(({ name }) => name)
}

/** Whether a word that is no command begins a pipeline. */
export async function isStage (word: string): Promise<boolean> {
  return /\s/.test(word) || isModulePath(word) || (await backendNames()).includes(word)
}

/**
 * Whether stages that are to run here can be told apart, before any is launched.
 *
 * @throws UsageError; ServiceError InvalidArgument
 */
export async function checkStages (stages: readonly string[]): Promise<void> {
  const { parseLine } = await loadBackends()
  const names = await backendNames()

  for (const { words: [name = ''], peer } of stages.map(parseLine)) {
    if (peer == null && !isModulePath(name) && !names.includes(name)) {
      const meant = nearest(name, names)
      const advice = meant == null ? `there are ${names.join(', ')}` : `did you mean '${meant}'?`

      throw new UsageError(`there is no backend '${name}'; ${adviceOnWords(stages) ?? advice}`, 'run')
    }
  }
}

/** For `swarmd exec ls`, which are two stages and were meant as one: the shell has split it. */
function adviceOnWords (stages: readonly string[]): string | undefined {
  return stages.length > 1 && stages.every((stage) => !/\s/.test(stage))
    ? `a stage is one word of the shell, as in: swarmd '${stages.join(' ')}'`
    : undefined
}

/** Whether a stage is `exec --help`. */
export function asksForHelp (stage: string): boolean {
  return /^\s*\S+\s+--help\s*$/.test(stage)
}

/** What a backend says about itself, named by a stage that uses it. */
export async function stageHelp (stage: string): Promise<string> {
  const { BACKENDS, helpOf, parseLine } = await loadBackends()
  const [first = ''] = parseLine(stage).words
  const backend = BACKENDS.find(({ name }) => name === (isModulePath(first) ? 'handler' : first))

  if (backend == null) {
    throw new UsageError(`there is no backend '${first}'; there are ${BACKENDS.map(({ name }) => name).join(', ')}`)
  }

  return helpOf(backend).trimEnd()
}

/** Loaded late: what needs none of them starts without. */
async function loadBackends (): Promise<typeof import('../backends/index.ts')> {
  return import('../backends/index.ts')
}
