import type { Metric } from '../service/types'

export interface Point {
  attempt: number
  epoch: number
  step: number
  value: number
}

/** Series of one job by name. Not changed in place: a new map for every message. */
export type Curves = ReadonlyMap<string, readonly Point[]>

/** Adds numbers in the order they came. Where two say something about one step of a series, the later attempt counts. */
export function withMetrics(curves: Curves, metrics: readonly Metric[]): Curves {
  const next = new Map(curves)
  const touched = new Map<string, Point[]>()
  for (const { series, attempt, epoch, step, value } of metrics) {
    let points = touched.get(series)
    if (!points) {
      points = [...(next.get(series) ?? [])]
      touched.set(series, points)
    }
    const point = { attempt, epoch, step, value }
    const last = points.at(-1)
    if (!last || before(last, point)) points.push(point)
    else {
      const at = points.findIndex((other) => !before(other, point))
      const there = points[at]
      if (there && !before(point, there)) {
        if (attempt >= there.attempt) points[at] = point
      } else points.splice(at, 0, point)
    }
  }
  for (const [series, points] of touched) next.set(series, points)
  return next
}

function before(a: Point, b: Point): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.step < b.step)
}

/** What the points of a chart are placed by: epochs where each has one, else steps. */
export function axisOf(all: readonly (readonly Point[])[]): 'epoch' | 'step' {
  return all.every((points) => points.every((p, i) => p.epoch > 0 && p.epoch !== points[i - 1]?.epoch)) ? 'epoch' : 'step'
}

/**
 * At most two points a bucket, its lowest and its highest in the order they came, so that no spike vanishes. Points that
 * are not numbers stay, as gaps.
 */
export function thinned(points: readonly (readonly [number, number])[], buckets: number): (readonly [number, number])[] {
  if (points.length <= 2 * buckets) return [...points]
  const kept: (readonly [number, number])[] = []
  for (let b = 0; b < buckets; b++) {
    const part = points.slice(Math.floor((b * points.length) / buckets), Math.floor(((b + 1) * points.length) / buckets))
    let low = -1
    let high = -1
    let gap = -1
    part.forEach(([, y], i) => {
      if (!Number.isFinite(y)) gap = i
      else {
        if (low < 0 || y < (part[low]?.[1] ?? y)) low = i
        if (high < 0 || y > (part[high]?.[1] ?? y)) high = i
      }
    })
    for (const i of [...new Set([low, high, gap])].filter((i) => i >= 0).sort((a, b) => a - b)) {
      const point = part[i]
      if (point) kept.push(point)
    }
  }
  return kept
}

/** One column of x for all lines, and a y or null for each, as the chart wants them. */
export function aligned(lines: readonly (readonly (readonly [number, number])[])[]): { xs: number[]; ys: (number | null)[][] } {
  const xs = [...new Set(lines.flatMap((line) => line.map(([x]) => x)))].sort((a, b) => a - b)
  const ys = lines.map((line) => {
    const at = new Map(line)
    return xs.map((x) => {
      const y = at.get(x)
      return y !== undefined && Number.isFinite(y) ? y : null
    })
  })
  return { xs, ys }
}

const titles: Record<string, string> = {
  'monitor/clean': 'Accuracy, clean images',
  'monitor/adversarial': 'Accuracy, perturbed images',
  'selection/accuracy': 'Accuracy that selects the best epoch',
  'train/loss': 'Training loss',
  'train/accuracy': 'Training accuracy',
  'train/learning-rate': 'Learning rate',
  'train/off-diagonal-penalty': 'Off-diagonal penalty',
  'train/label-agreement': 'Labels that name the true class',
  'train/teacher-agreement': 'Agreement with the teacher',
  'attack/survivors': 'Images no iterate has fooled',
  'attack/current': 'Accuracy at the current iterate',
}

/** A series' name for people. */
export function titleOf(series: string): string {
  return titles[series] ?? series
}

/** True for series in [0,1] that read best in per cent. */
export function isShare(series: string): boolean {
  return /^(monitor|selection|attack)\//.test(series) || /accuracy|agreement/.test(series)
}

const order = Object.keys(titles)

/** What a reader wants first, first. */
export function bySubject(a: string, b: string): number {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return rank(a) - rank(b) || a.localeCompare(b)
}
