import { describe, expect, it } from 'vitest'
import type { ExperimentJob, Job, StateMessage } from '../src/service/types'
import { afterProgress, afterState, doneOf, levelsOf, spansOf } from '../src/state/jobs'

const progress = { phase: 'train', done: 3, total: 12, unit: 'epoch', loss: null, accuracy: null, imagesPerSecond: null, secondsLeft: null }
const job = (id: string, over: Partial<Job> = {}): Job => ({
  id, name: id, kind: 'train', state: 'queued', fingerprint: '', attempt: 0, maxAttempts: 3, priority: 0, worker: null, cancelRequested: false, progress: null,
  result: null, failure: null, dependsOn: [], createdAt: '', startedAt: null, finishedAt: null, ...over,
})
const told = (to: Job['state'], at: string, over: Partial<StateMessage> = {}): StateMessage => ({ jobId: 'a', name: 'a', from: null, to, attempt: 1, worker: null, reason: '', at, failure: null, ...over })
const entry = (key: string, of: Job): ExperimentJob => ({ key, reused: false, job: of })

describe('a job', () => {
  it('runs, fails and says why', () => {
    const running = afterState(job('a'), told('running', '2026-11-27T10:00:00Z', { worker: 'gpu-3' }), [])
    expect(running).toMatchObject({ state: 'running', attempt: 1, worker: 'gpu-3', startedAt: '2026-11-27T10:00:00Z', finishedAt: null })
    const failure = { kind: 'permanent', message: 'no images', detail: '' }
    expect(afterState(running, told('failed', '2026-11-27T10:00:05Z', { failure }), [])).toMatchObject({ state: 'failed', failure, finishedAt: '2026-11-27T10:00:05Z' })
  })

  it('does not go back when its history is told again', () => {
    const ended = job('a', { state: 'succeeded' })
    expect(afterState(ended, told('running', '2026-11-27T10:00:00Z'), [{ at: '2026-11-27T10:05:00Z' }])).toBe(ended)
  })

  it('that is retried has no end and no progress', () => {
    const failed = job('a', { state: 'failed', finishedAt: '2026-11-27T10:00:00Z', progress })
    expect(afterState(failed, told('queued', '2026-11-27T11:00:00Z'), [])).toMatchObject({ state: 'queued', finishedAt: null, progress: null })
  })

  it('takes progress only while it runs', () => {
    const message = { jobId: 'a', name: 'a', progress }
    expect(afterProgress(job('a', { state: 'running' }), message).progress).toBe(progress)
    expect(afterProgress(job('a', { state: 'succeeded' }), message).progress).toBeNull()
  })
})

describe('spans', () => {
  it('last until the next line, and the last one goes on', () => {
    const spans = spansOf([
      { from: null, to: 'queued', at: '2026-11-27T10:00:00Z', worker: null, reason: 'submitted' },
      { from: 'queued', to: 'running', at: '2026-11-27T10:00:02Z', worker: 'w', reason: 'claimed' },
      { from: 'running', to: 'queued', at: '2026-11-27T10:00:09Z', worker: null, reason: 'lost' },
      { from: 'queued', to: 'running', at: '2026-11-27T10:00:10Z', worker: 'w', reason: 'claimed' },
    ])
    expect(spans.map((s) => [s.state, s.attempt, s.to === null ? null : (s.to - s.from) / 1000])).toEqual([['queued', 0, 2], ['running', 1, 7], ['queued', 1, 1], ['running', 2, null]])
    expect(spansOf([{ from: 'running', to: 'failed', at: '2026-11-27T10:00:00Z', worker: null, reason: '' }])[0]).toMatchObject({ to: Date.parse('2026-11-27T10:00:00Z') })
  })
})

describe('a remark', () => {
  it('neither ends a span nor begins an attempt', () => {
    const spans = spansOf([
      { from: 'queued', to: 'running', at: '2026-11-27T10:00:00Z', worker: 'w', reason: 'claimed' },
      { from: 'running', to: 'running', at: '2026-11-27T10:00:05Z', worker: 'w', reason: 'no progress' },
      { from: 'running', to: 'succeeded', at: '2026-11-27T10:00:09Z', worker: 'w', reason: 'done' },
    ])
    expect(spans.map((s) => [s.attempt, s.remark, ((s.to ?? 0) - s.from) / 1000])).toEqual([[1, false, 9], [1, true, 0], [1, false, 0]])
  })
  it('leaves the job as it is', () => {
    const running = job('a', { state: 'running', progress })
    expect(afterState(running, told('running', '2026-11-27T10:00:05Z', { from: 'running' }), [])).toBe(running)
  })
})

describe('an experiment', () => {
  const jobs = [
    entry('train/t', job('t', { state: 'succeeded' })), entry('labels', job('l', { dependsOn: ['t'], state: 'running', progress })),
    entry('train/s', job('s', { dependsOn: ['l', 't'], state: 'blocked' })), entry('eval', job('e', { dependsOn: ['elsewhere'], state: 'failed' })),
  ]
  it('has its jobs below their parents', () => expect([...levelsOf(jobs)]).toEqual([['t', 0], ['l', 1], ['s', 2], ['e', 0]]))
  it('counts a running job by its progress', () => expect(doneOf(jobs)).toBe((1 + 0.25 + 0 + 1) / 4))
  it('has no end to its levels only if the service sends a circle, which does not hang the page', () =>
    expect(levelsOf([entry('a', job('a', { dependsOn: ['b'] })), entry('b', job('b', { dependsOn: ['a'] }))]).size).toBe(2))
})
