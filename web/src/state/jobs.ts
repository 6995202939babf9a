import type { ExperimentJob, Job, JobEvent, ProgressMessage, StateMessage } from '../service/types'

export const hasEnded = (state: string): boolean => state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** A job after one line of its history. A line that is older than what is known changes nothing. */
export function afterState(job: Job, told: StateMessage, known: readonly { at: string }[]): Job {
  if (told.from === told.to) return job
  const newest = known.at(-1)?.at
  if (newest !== undefined && Date.parse(told.at) < Date.parse(newest)) return job
  return {
    ...job,
    state: told.to,
    attempt: Math.max(job.attempt, told.attempt),
    worker: told.to === 'running' ? told.worker : job.worker,
    failure: told.to === 'failed' ? told.failure : told.to === 'succeeded' ? null : job.failure,
    progress: told.to === 'running' ? job.progress : null,
    startedAt: job.startedAt ?? (told.to === 'running' ? told.at : null),
    finishedAt: hasEnded(told.to) ? told.at : null,
    cancelRequested: told.to === 'running' && job.cancelRequested,
  }
}

export function afterProgress(job: Job, told: ProgressMessage): Job {
  return job.state === 'running' ? { ...job, progress: told.progress } : job
}

/** A line of a job's history: a state held from one moment to another (`to` is null while it lasts), or a remark about it. */
export interface Span {
  state: JobEvent['to']
  from: number
  to: number | null
  attempt: number
  worker: string | null
  reason: string
  /** Something was said about the job (a new priority, an alarm) and its state stayed. */
  remark: boolean
}

/** What a job did over time, a span a line. A state lasts until the next one; remarks in between do not end it. */
export function spansOf(events: readonly Pick<JobEvent, 'from' | 'to' | 'at' | 'worker' | 'reason'>[]): Span[] {
  let attempt = 0
  return events.map((line, i) => {
    const remark = line.from === line.to
    if (line.to === 'running' && !remark) attempt++
    const next = events.slice(i + 1).find((other) => other.from !== other.to)
    const from = Date.parse(line.at)
    const to = remark || hasEnded(line.to) ? from : next ? Date.parse(next.at) : null
    return { state: line.to, from, to, attempt, worker: line.worker, reason: line.reason, remark }
  })
}

/** How deep a job stands in its experiment: 0 without parents, else one below its lowest parent. */
export function levelsOf(jobs: readonly ExperimentJob[]): Map<string, number> {
  const byId = new Map(jobs.map((entry) => [entry.job.id, entry.job]))
  const levels = new Map<string, number>()
  const level = (id: string, seen: ReadonlySet<string>): number => {
    const found = levels.get(id)
    if (found !== undefined) return found
    const job = byId.get(id)
    const parents = job?.dependsOn.filter((parent) => byId.has(parent) && !seen.has(parent)) ?? []
    const deep = parents.length === 0 ? 0 : 1 + Math.max(...parents.map((parent) => level(parent, new Set([...seen, id]))))
    levels.set(id, deep)
    return deep
  }
  for (const { job } of jobs) level(job.id, new Set())
  return levels
}

/** How much of an experiment is done, in [0,1], a running job counted by its progress. */
export function doneOf(jobs: readonly ExperimentJob[]): number {
  if (jobs.length === 0) return 0
  return jobs.reduce((sum, { job }) => sum + (hasEnded(job.state) ? 1 : job.progress && job.progress.total > 0 ? Math.min(1, job.progress.done / job.progress.total) : 0), 0) / jobs.length
}
