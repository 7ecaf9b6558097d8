import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program is: the value of the environment variable if it is set, else the name in PATH. */
export function program (variable: string, name: string): string | undefined {
  const given = process.env[variable]
  if (given !== undefined && given !== '') return given
  return (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name)).find(isExecutable)
}

function isExecutable (path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs a program to its end; what it said is in the error if it fails. */
export function run (path: string, args: string[], cwd: string): void {
  const { status, error, stdout, stderr } = spawnSync(path, args, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${path} ${args.join(' ')}:\n${stdout}${stderr}`)
}
