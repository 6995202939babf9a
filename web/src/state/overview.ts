import type { Experiment, Overview } from '../service/types'
import { plural } from '../text/format'

/** Number of jobs in each state. */
export function totals(overview: Overview): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const { state, count } of overview.jobs.queues) sum[state] = (sum[state] ?? 0) + count
  return sum
}

/** The page's first sentence: what is going on, and what waits for a person. */
export function sentence(overview: Overview): string {
  const n = totals(overview)
  const alive = overview.workers.filter((worker) => worker.alive).length
  const part = (state: string, words: string) => (n[state] ? [`${plural(n[state], 'job')} ${words}`] : [])
  const going = [...part('running', 'running'), ...part('queued', 'ready'), ...part('blocked', 'waiting for others'), ...part('paused', 'paused')]
  if (going.length === 0) return `Nothing is running, and the queue is empty. ${alive === 0 ? 'No worker is here.' : alive === 1 ? 'One worker is idle.' : `${alive} workers are idle.`}`
  const first = going.join(', ')
  if (alive === 0) return `${first}. No worker is here to take them.`
  return `${first}.`
}

/** Kinds down, live states across. */
export function queueRows(overview: Overview): { kind: string; counts: Record<string, number> }[] {
  const kinds = new Map<string, Record<string, number>>()
  for (const { kind, state, count } of overview.jobs.queues) {
    const row = kinds.get(kind) ?? {}
    row[state] = count
    kinds.set(kind, row)
  }
  return [...kinds].map(([kind, counts]) => ({ kind, counts }))
}

/** True when every word of the search stands in the experiment's name or title, and its state is the one asked for. */
export function matches(experiment: Experiment, search: string, state: string): boolean {
  if (state !== '' && experiment.state !== state) return false
  const text = `${experiment.name} ${experiment.title}`.toLowerCase()
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

/** The one word of a search by which the service looks; the page looks by all of them. */
export function longestWord(search: string): string {
  return search.split(/\s+/).reduce((longest, word) => (word.length > longest.length ? word : longest), '')
}
