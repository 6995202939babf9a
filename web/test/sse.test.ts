import { describe, expect, it } from 'vitest'
import { pauseBefore } from '../src/service/stream'
import { EventParser } from '../src/service/sse'

const text = 'id: 1.2_\r\nevent: state\r\ndata: {"a":1}\r\nretry: 2000\r\n\r\n: a comment\ndata: one\ndata:two\nid: 3\n\nevent: ping\rdata:\r\rdata: cut off'

describe('an event stream', () => {
  it('is read the same wherever it is cut', () => {
    const whole = new EventParser()
    const expected = whole.push(text)
    expect(expected).toEqual([{ event: 'state', data: '{"a":1}' }, { event: 'message', data: 'one\ntwo' }, { event: 'ping', data: '' }])
    for (let size = 1; size < text.length; size++) {
      const parser = new EventParser()
      const heard = []
      for (let at = 0; at < text.length; at += size) heard.push(...parser.push(text.slice(at, at + size)))
      expect(heard, `pieces of ${size}`).toEqual(expected)
      expect(parser.lastEventId).toBe('3')
      expect(parser.retry).toBe(2000)
    }
  })

  it('keeps the last id over a break and forgets the message that was cut', () => {
    const parser = new EventParser()
    parser.push('id: 7\ndata: x\n\nid: 8\ndata: half')
    parser.reset()
    expect(parser.lastEventId).toBe('7')
    expect(parser.push('data: y\n\n')).toEqual([{ event: 'message', data: 'y' }])
  })

  it('gives no message for an id alone, but remembers it', () => {
    const parser = new EventParser()
    expect(parser.push('id: 9\n\n')).toEqual([])
    expect(parser.lastEventId).toBe('9')
  })
})

describe('the pause before a reconnect', () => {
  it('doubles to an end, and is what the server asked for at first', () => {
    expect([0, 1, 2, 3, 40].map((attempt) => pauseBefore(attempt, 2000, 0))).toEqual([2000, 4000, 8000, 15_000, 15_000])
    expect(pauseBefore(0, null, 0)).toBe(1000)
    expect(pauseBefore(0, 2000, 1)).toBe(1500)
  })
})
