import { describe, expect, it } from 'vitest'
import { keyOf } from '../src/service/session'
import type { Experiment, Overview, Worker } from '../src/service/types'
import { longestWord, matches, queueRows, sentence } from '../src/state/overview'

const worker = (alive: boolean): Worker => ({ info: { name: 'w', host: 'h', processId: 1, device: 'cpu', cores: 2, build: '', libtorch: null }, startedAt: '', lastSeen: '', alive, jobs: [] })
const overview = (queues: Overview['jobs']['queues'], workers: Worker[]): Overview => ({ jobs: { at: '', queues, running: [], retrying: [], failures: [] }, workers, experiments: [] })

describe('the first sentence', () => {
  it('says what is going on', () =>
    expect(sentence(overview([{ kind: 'train', state: 'running', count: 1 }, { kind: 'train', state: 'queued', count: 1 }, { kind: 'import', state: 'queued', count: 1 }, { kind: 'train', state: 'succeeded', count: 9 }], [worker(true)])))
      .toBe('1 job running, 2 jobs ready.'))
  it('says that nobody works', () => expect(sentence(overview([{ kind: 'train', state: 'queued', count: 3 }], [worker(false)]))).toBe('3 jobs ready. No worker is here to take them.'))
  it('says that nothing is to do', () => {
    expect(sentence(overview([], [worker(true), worker(true)]))).toBe('Nothing is running, and the queue is empty. 2 workers are idle.')
    expect(sentence(overview([], []))).toBe('Nothing is running, and the queue is empty. No worker is here.')
  })
})

describe('queues', () => {
  it('are rows of kinds', () =>
    expect(queueRows(overview([{ kind: 'import', state: 'failed', count: 1 }, { kind: 'train', state: 'running', count: 2 }, { kind: 'train', state: 'blocked', count: 4 }], [])))
      .toEqual([{ kind: 'import', counts: { failed: 1 } }, { kind: 'train', counts: { running: 2, blocked: 4 } }]))
})

describe('a search', () => {
  const experiment: Experiment = { id: '0190', name: 'table2-row3', title: 'CNI teacher', owner: 'ada', state: 'failed', runNumber: 0, fingerprint: '', jobCounts: {}, createdAt: '', cancelledBy: null }
  it.each([['', '', true], ['TABLE2 cni', '', true], ['teacher', 'failed', true], ['teacher', 'running', false], ['teacher row4', '', false]])('for %j in state %j', (text, state, found) => expect(matches(experiment, text, state)).toBe(found))
})

it('a service looks by the longest word of a search', () => expect(['', 'row', 'row3 teacher x'].map(longestWord)).toEqual(['', 'row', 'teacher']))

describe('the key in an address', () => {
  it.each([['#key=kdr_abc', 'kdr_abc'], ['#a=b&key=%20kdr_x%20', 'kdr_x'], ['#key=', null], ['#other', null], ['', null]])('%j', (fragment, key) => expect(keyOf(fragment)).toBe(key))
})
