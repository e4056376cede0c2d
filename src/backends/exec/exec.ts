import { raceSignal } from '../../base/index.ts'
import { defineBackend, Server, ServiceError, task, VERBS } from '../../service/index.ts'
import { EXEC_USAGE, parseExecArgs } from './exec-args.ts'
import { runCommand } from './exec-run.ts'
import { toSignal } from './process-group.ts'
import type { Command } from './exec-args.ts'
import type { ProcessGroup } from './process-group.ts'
import type { BackendHost, Service } from '../../service/index.ts'

/** Processes as stages. */
export const execBackend = defineBackend({
  name: 'exec',
  summary: 'runs a command, with its input and output as bytes',
  usage: EXEC_USAGE,
  description: [
    'The bytes and log lines of the stage before it are the standard input of the command, whose end it sees. Its standard output is the bytes for the next stage; its standard error is shown, apart from that. It exits as the command does: with its code, or with 128 and the number of the signal that ended it; with 127 if there is no such command, and 126 if it cannot be run.',
    'Reading waits for the next stage, and writing for the stage before. When nobody reads any more, the command gets SIGPIPE. When its input is cut off, which is no end, the command is ended and the stage fails.',
    'To stop it is to send SIGTERM to the command and all that it has started, and SIGKILL 4 s later. Whatever of that is left when the command and its output have ended is killed; setsid gets away. A request set signal SIGHUP sends a signal, and get status tells the process ID.',
    'The command has no terminal. Its output goes to pipes; its input is a socket, which it reads as a pipe, but cannot open by a name as /dev/stdin.'
  ],
  options: {
    '--env NAME=VALUE': 'add a variable to the environment, or change it; as often as needed',
    '--clear-env': 'give it no other variables than those',
    '--cwd DIR': 'run it in this folder',
    '--shell LINE': 'run a line of the shell; what follows is $1, $2 and so on'
  },
  examples: [
    "swarmd 'exec seq 10' 'exec grep 1'",
    "swarmd 'exec zcat big.log.gz @PEER' 'exec grep ERR'",
    'swarmd "exec --cwd /tmp --shell \'ls | wc -l\'"'
  ],
  isPrivileged: true,
  spawn: (args, { host }) => createExec(parseExecArgs(args), host)
})

function createExec (command: Command, { clock, env }: BackendHost): Service {
  let group: ProcessGroup | undefined
  const getGroup = (): ProcessGroup => {
    if (group == null) {
      throw new ServiceError('FailedPrecondition', `${command.name} has no process: start it first`)
    }

    return group
  }
  const run = task(async (context) => runCommand(context, {
    command,
    env: { ...command.isEnvCleared ? {} : env, ...command.env },
    onStart: (started) => { group = started },
    server: answerControl(new Server(command.name), getGroup)
  }), { name: command.name, clock })

  return answerControl(new Server(command.name), getGroup)
    .onVerb(VERBS.get, async (call) => {
      if (call.args[0] !== 'status') {
        return run.handle(call)
      }

      if (call.args[1] === 'exited') {
        await raceSignal(run.ended, call.signal)
      }

      await call.answer({ verb: VERBS.set, args: [JSON.stringify({ ...run.status, pid: group?.pid })] })
      await call.end()
    })
    .catchall(run)
    .onClose(async () => run.close())
}

/** What is asked of the process itself. */
function answerControl (server: Server, getGroup: () => ProcessGroup): Server {
  return server.onSet(([what, name], { args }) => {
    if (what !== 'signal') {
      throw new ServiceError('NotImplemented', `${server.name} takes set signal NAME, received set ${args.join(' ')}`)
    }

    const signal = toSignal(name)

    if (!getGroup().kill(signal)) {
      throw new ServiceError('FailedPrecondition', `${server.name} takes no ${signal}: its process has ended`)
    }
  })
}
