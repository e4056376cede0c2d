import { checkStages } from '../backend-list.ts'
import { defineCommand } from '../command.ts'
import { loadConfig, PEER_OPTIONS, peerNames } from '../config-options.ts'
import { LazyMesh } from '../lazy-mesh.ts'
import { write } from '../stages/outlet.ts'
import { Progress } from '../stages/progress.ts'
import { runPipeline } from '../stages/run-pipeline.ts'
import { STDERR_MODES } from '../stages/stage-voice.ts'
import { sumUp } from '../stages/summary.ts'
import { oneOf } from '../value-types.ts'
import type { Flag, One } from '../arguments.ts'
import type { CommandContext } from '../command.ts'
import type { StderrMode } from '../stages/stage-voice.ts'

const PROGRESS_MODES = ['auto', 'always', 'never'] as const

const OPTIONS = {
  ...PEER_OPTIONS,
  quiet: { kind: 'flag', short: 'q', help: 'say nothing about stages that fail, and no progress' } as Flag,
  stderr: { kind: 'one', value: '<how>', type: oneOf<StderrMode>(...STDERR_MODES), help: 'what stages say beside their output: prefix (with their number and name, the default for several), raw (as it is, for one) or none' } as One<StderrMode>,
  progress: { kind: 'one', value: '<when>', type: oneOf(...PROGRESS_MODES), help: 'a line about long work: auto (on a terminal whose stdout goes elsewhere), always or never' } as One<typeof PROGRESS_MODES[number]>
} as const

type RunContext = CommandContext<typeof OPTIONS>

export const run = defineCommand({
  name: 'run',
  summary: 'Run a pipeline of stages, here and at peers',
  usage: '<stage...>',
  description: [
    "Each <stage> is a backend and its arguments, in one word of the shell: 'exec grep ERR'. 'swarmd' alone lists the backends, 'swarmd help <backend>' explains one. With @PEER at its end a stage runs at that peer: a name, a peer ID or an address.",
    'The output of each stage is the input of the next, and that of the last goes to stdout. What stages say beside, and logs, go to stderr. The exit code is that of the last stage that failed, or 0, as with pipefail in a shell: 128 and its number for a signal.',
    "'run' can be left out where the first stage has a space in it or is a backend. Ctrl-C stops all stages, wherever they run; a second one ends at once. Of the key file, $XDG_DATA_HOME/swarmd/key unless named, peers know who we are."
  ],
  examples: [
    "swarmd run 'exec seq 100000' 'exec grep 7' 'exec wc -l'",
    "swarmd run -c swarmd.yml 'exec zcat big.log.gz @alice' 'exec grep ERR'",
    "swarmd run --peer bob=/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWExample 'exec uptime @bob'",
    "swarmd 'dockerserver tcp://localhost:4243' debug 'dockerclient unix:///var/run/docker.sock'"
  ],
  options: OPTIONS,

  async run (context) {
    const { output, operands, options, clock, env, stdin, stderr } = context

    output.giveUpStdout()

    const config = await loadConfig(context)

    await using mesh = new LazyMesh(context, { names: peerNames(context, config), key: config.key })

    const { createHost } = await import('../../backends/index.ts')

    await checkStages(operands)

    const host = createHost({ clock, env, peer: mesh.peer, stdio: { stdin, write: async (bytes) => write(bytes, context) } })

    await using progress = showsProgress(context) ? new Progress({ sink: stderr, clock }) : undefined

    const { code, status } = await runPipeline({ context, host, lines: operands, mode: options.stderr, progress })

    await progress?.giveWay()

    if (status != null) {
      await sumUp(status, code, context)
    }

    return code
  }
})

/** Two that write to one terminal would write over each other. */
function showsProgress ({ options: { progress = 'auto', quiet }, output: { json }, stderr, stdout }: RunContext): boolean {
  switch (progress) {
    case 'always': return true
    case 'never': return false
    default: return stderr.isTerminal && !stdout.isTerminal && !quiet && !json
  }
}
