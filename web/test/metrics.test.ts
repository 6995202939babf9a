import { describe, expect, it } from 'vitest'
import type { Metric } from '../src/service/types'
import { aligned, axisOf, bySubject, isShare, thinned, withMetrics } from '../src/state/metrics'

const metric = (epoch: number, value: number, attempt = 1, series = 'train/loss'): Metric => ({ id: 0, attempt, series, epoch, step: epoch * 10, value })
const values = (curves: ReturnType<typeof withMetrics>, series = 'train/loss') => curves.get(series)?.map((p) => [p.epoch, p.value])

describe('a job\'s numbers', () => {
  it('grow without changing what was drawn before', () => {
    const first = withMetrics(new Map(), [metric(1, 2.3), metric(2, 2.1)])
    const second = withMetrics(first, [metric(3, 1.9)])
    expect(values(first)).toEqual([[1, 2.3], [2, 2.1]])
    expect(values(second)).toEqual([[1, 2.3], [2, 2.1], [3, 1.9]])
  })

  it('of a later attempt replace those of an earlier one, step by step', () => {
    const curves = withMetrics(withMetrics(new Map(), [metric(1, 2.3), metric(2, 2.1), metric(3, 9)]), [metric(2, 2.0, 2), metric(3, 1.8, 2), metric(4, 1.7, 2)])
    expect(values(curves)).toEqual([[1, 2.3], [2, 2.0], [3, 1.8], [4, 1.7]])
    expect(values(withMetrics(curves, [metric(3, 9, 1)]))).toEqual(values(curves))
  })

  it('that come late take their place', () => {
    expect(values(withMetrics(new Map(), [metric(1, 1), metric(3, 3), metric(2, 2)]))).toEqual([[1, 1], [2, 2], [3, 3]])
  })

  it('are placed by epochs only where each epoch has one', () => {
    const one = withMetrics(new Map(), [metric(1, 1), metric(2, 2)]).get('train/loss') ?? []
    expect(axisOf([one])).toBe('epoch')
    expect(axisOf([[...one, { attempt: 1, epoch: 2, step: 25, value: 1 }]])).toBe('step')
    expect(axisOf([[{ attempt: 1, epoch: 0, step: 5, value: 1 }]])).toBe('step')
  })
})

describe('thinning', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => [i, i === 5003 ? 99 : i === 7001 ? -99 : Math.sin(i / 50)] as const)
  it('keeps every spike and the order', () => {
    const short = thinned(long, 200)
    expect(short.length).toBeLessThanOrEqual(400)
    expect(short).toContainEqual([5003, 99])
    expect(short).toContainEqual([7001, -99])
    expect(short.map(([x]) => x)).toEqual([...short.map(([x]) => x)].sort((a, b) => a - b))
  })
  it('keeps a gap', () => expect(thinned(long.map(([x, y]) => [x, x === 4321 ? NaN : y] as const), 100).some(([, y]) => Number.isNaN(y))).toBe(true))
  it('leaves a short line alone', () => expect(thinned(long.slice(0, 50), 200)).toEqual(long.slice(0, 50)))
})

describe('lines of one chart', () => {
  it('share one column of x', () => {
    expect(aligned([[[1, 10], [3, 30]], [[2, 20], [3, NaN]]])).toEqual({ xs: [1, 2, 3], ys: [[10, null, 30], [null, 20, null]] })
  })
  it('are ordered by what a reader wants first', () => {
    expect(['train/loss', 'zzz', 'monitor/adversarial', 'monitor/clean', 'aaa'].sort(bySubject)).toEqual(['monitor/clean', 'monitor/adversarial', 'train/loss', 'aaa', 'zzz'])
    expect([isShare('monitor/clean'), isShare('train/loss'), isShare('train/teacher-agreement')]).toEqual([true, false, true])
  })
})
