import { describe, expect, it } from 'vitest'
import { ago, bytes, count, duration, middle, moment, plural, significant, until } from '../src/text/format'

describe('numbers', () => {
  it.each([[0, '0'], [999, '999'], [1000, '1\u202f000'], [1234567, '1\u202f234\u202f567']])('groups %d', (n, text) => expect(count(n)).toBe(text))
  it.each([[0, '0 jobs'], [1, '1 job'], [2, '2 jobs']])('counts %d', (n, text) => expect(plural(n, 'job')).toBe(text))
  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [160_000_000, '152.6 MiB']])('sizes %d', (n, text) => expect(bytes(n)).toBe(text))
  it.each([[0, '0'], [0.41349, '0.413'], [12.345, '12.3'], [1234.4, '1\u202f234'], [0.000012, '1.2e-5']])('reads %d', (n, text) => expect(significant(n)).toBe(text))
})

describe('times', () => {
  it.each([
    [0.0421, '42 ms'], [4.23, '4.2 s'], [9.96, '10 s'], [59.4, '59 s'], [59.6, '1 min 00 s'], [65, '1 min 05 s'], [3599.6, '1 h 00 min'], [7380, '2 h 03 min'], [100 * 3600, '4 d 4 h'],
  ])('tells %d seconds', (s, text) => expect(duration(s)).toBe(text))
  it.each([[-5000, 'now'], [1900, 'now'], [2000, '2 s ago'], [89_999, '89 s ago'], [90_000, '2 min ago'], [3 * 86_400_000, '3 d ago']])('tells %d ms ago', (ms, text) => expect(ago(ms)).toBe(text))
  it.each([[-1, 'due'], [0, 'due'], [1, 'in 1 s'], [300_000, 'in 5 min']])('tells %d ms until', (ms, text) => expect(until(ms)).toBe(text))
  it('leaves the day out today and the year out this year', () => {
    const now = new Date(2026, 10, 27, 18, 0, 0)
    expect(moment(new Date(2026, 10, 27, 4, 5, 6), now)).toBe('04:05:06')
    expect(moment(new Date(2026, 9, 2, 14, 0, 9), now)).toBe('2 Oct 14:00:09')
    expect(moment(new Date(2025, 0, 31, 0, 0, 0), now)).toBe('31 Jan 2025 00:00:00')
  })
})

describe('long names', () => {
  it('are cut in the middle, to the length', () => {
    expect(middle('train teacher', 20)).toBe('train teacher')
    const cut = middle('transfer-attack student seed 1', 15)
    expect(cut).toBe('transfe… seed 1')
    expect(cut.length).toBe(15)
  })
})
