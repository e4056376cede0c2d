import { describe, expect, it } from 'vitest'
import { expectSame, NAME } from './support/compare.ts'
import { useHosts } from './support/hosts.ts'
import { withoutNames, withoutNumbers } from './support/normalise.ts'
import type { Commands } from './support/compare.ts'

const hosts = useHosts()
const web = `${NAME}-web`
const other = `${NAME}-other`

function created (name = web, ...more: string[]): string[] {
  return ['create', '--network', 'none', '--name', name, '--label', `of=${name}`, ...more, 'busybox', 'sleep', '60']
}

function running (name = web, command = ['sleep', '60']): string[] {
  return ['run', '-d', '--network', 'none', '--stop-timeout', '0', '--name', name, '--label', `of=${name}`, 'busybox', ...command]
}

const mine = ['--filter', `name=${NAME}`]

describe('the docker CLI at dockerserver, as at the engine', () => {
  it.each<[string, () => Commands, number[]]>([
    ['version', () => [['version'], ['version', '--format', '{{json .Server}}']], [0, 0]],
    ['info', () => [['info'], ['info', '--format', '{{.ContainersRunning}} {{.Images}} {{.NCPU}} {{.Name}}']], [0, 0]],
    ['create', () => [created(), ['inspect', web, '--format', '{{.State.Status}} {{.Name}} {{.HostConfig.NetworkMode}} {{.Config.Labels}}']], [0, 0]],
    ['create with what the engine warns of', () => [created(web, '--memory', '20m', '--memory-swappiness', '3')], [0]],
    ['create of a name that is taken', () => [created(), created()], [0, 1]],
    ['create with a bad name', () => [created('no%good')], [1]],
    ['create with resources', () => [created(web, '--memory', '64m', '--cpus', '0.5', '--env', 'A=b c', '--workdir', '/tmp', '--restart', 'on-failure:3'), ['inspect', web, '--format', '{{json .HostConfig}} {{json .Config}}']], [0, 0]],
    ['ps', () => [created(), running(other), ['ps', ...mine]], [0, 0, 0]],
    ['ps of all', () => [created(), running(other), ['ps', '-a', ...mine]], [0, 0, 0]],
    ['ps of nothing', () => [['ps', '-a', ...mine], ['ps', '-aq', ...mine]], [0, 0]],
    ['ps -q', () => [created(), running(other), ['ps', '-aq', ...mine], ['ps', '-aq', '--no-trunc', ...mine]], [0, 0, 0, 0]],
    ['ps with a format', () => [created(), running(other), ['ps', '-a', ...mine, '--format', '{{.Names}}|{{.Image}}|{{.Command}}|{{.Status}}|{{.Labels}}|{{.Networks}}|{{.Ports}}|{{.State}}|{{.Mounts}}']], [0, 0, 0]],
    ['ps -s', () => [created(), running(other), ['ps', '-as', ...mine]], [0, 0, 0]],
    ['ps with a limit', () => [created(), running(other), ['ps', '-n', '1', '--format', '{{.Names}}'], ['ps', '-l', '--format', '{{.Names}}'], ['ps', '-n', '2', ...mine, '--format', '{{.Names}}']], [0, 0, 0, 0, 0]],
    ['ps with filters', () => [created(), running(other),
      ['ps', '-a', '--filter', `label=of=${web}`, '--format', '{{.Names}}'],
      ['ps', '-a', ...mine, '--filter', 'status=running', '--format', '{{.Names}}'],
      ['ps', '-a', ...mine, '--filter', 'status=created', '--format', '{{.Names}}'],
      ['ps', '--filter', 'status=nonsense'], ['ps', '--filter', 'nonsense=1']
    ], [0, 0, 0, 0, 0, 1, 1]],
    ['inspect', () => [created(), ['inspect', '--format', '{{.Name}} {{.Path}} {{.Args}} {{.State.ExitCode}} {{json .HostConfig}}', web]], [0, 0]],
    ['inspect of two, of one by its ID, and of the size', () => [created(), created(other), ['inspect', '--format', '{{.Id}} {{.Name}}', web, other], ['inspect', '-s', '--format', '{{.SizeRw}} {{.SizeRootFs}}', web]], [0, 0, 0, 0]],
    ['inspect of what is not there', () => [['inspect', 'nope'], ['container', 'inspect', 'nope'], ['image', 'inspect', 'nope'], ['network', 'inspect', 'nope'], ['volume', 'inspect', 'nope']], [1, 1, 1, 1, 1]],
    ['start', () => [created(), ['start', web], ['start', web], ['start', 'nope'], ['ps', ...mine, '--format', '{{.Names}} {{.State}}']], [0, 0, 0, 1, 0]],
    ['stop', () => [running(), ['stop', '-t', '0', web], ['stop', web], ['stop', 'nope'], ['ps', '-a', ...mine, '--format', '{{.Names}} {{.State}} {{.Status}}']], [0, 0, 0, 1, 0]],
    ['kill', () => [running(), ['kill', '-s', 'KILL', web], ['kill', web], ['kill', '-s', 'NONSENSE', web], ['inspect', web, '--format', '{{.State.Status}} {{.State.ExitCode}}']], [0, 0, 1, 1, 0]],
    ['restart', () => [running(), ['restart', '-t', '0', web], ['restart', 'nope'], ['ps', ...mine, '--format', '{{.Names}} {{.State}}']], [0, 0, 1, 0]],
    ['pause and unpause', () => [running(), ['pause', web], ['pause', web], ['ps', ...mine, '--format', '{{.State}}'], ['unpause', web], ['unpause', web]], [0, 0, 1, 0, 0, 1]],
    ['wait', () => [running(web, ['sh', '-c', 'sleep 0.3; exit 7']), ['wait', web], ['wait', web], ['wait', 'nope']], [0, 0, 0, 1]],
    ['rename', () => [created(), ['rename', web, other], ['rename', web, other], ['inspect', other, '--format', '{{.Name}}'], ['rename', other, other]], [0, 0, 1, 0, 1]],
    ['rm', () => [created(), ['rm', web], ['rm', web], ['ps', '-a', ...mine]], [0, 0, 1, 0]],
    ['rm of what runs', () => [running(), ['rm', web], ['rm', '-f', web], ['rm', '-f', web]], [0, 1, 0, 0]],
    ['diff', () => [running(web, ['sh', '-c', 'echo hello > /tmp/new']), ['wait', web], ['diff', web], ['diff', 'nope']], [0, 0, 0, 1]],
    ['network and volume', () => [['network', 'ls', '--no-trunc'], ['network', 'inspect', 'host', '--format', '{{.Name}} {{.Driver}}'], ['volume', 'ls']], [0, 0, 0]]
  ])('says the same for %s', async (name, commands, codes) => {
    const outcomes = await expectSame(hosts, commands(), name === 'kill' ? withoutNames : undefined)

    expect(outcomes.map(({ code }) => code)).toEqual(codes)
  })

  it('says the same of what is measured, but for numbers', async () => {
    const outcomes = await expectSame(hosts, [
      running(),
      ['top', web],
      ['top', web, '-o', 'pid,comm'],
      ['top', 'nope'],
      ['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}} {{.MemPerc}}', web],
      ['stats', '--no-stream', web],
      ['stats', '--no-stream', 'nope'],
      ['system', 'df']
    ], withoutNumbers)

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 1, 0, 0, 1, 0])
    expect(outcomes[4]?.stdout).toBe(`${web} N N%\n`)
  })
})
