import type { Progress } from '../service/types'
import { count, significant } from './format'

/** Where a job is: `train, epoch 3 of 10, loss 1.61, accuracy 41.2 %`. */
export function progressText(progress: Progress): string {
  const { phase, done, total, unit, loss, accuracy, imagesPerSecond } = progress
  const whole = (n: number) => (Number.isInteger(n) ? count(n) : n.toFixed(1))
  return [
    phase,
    ...(total > 0 ? [`${unit} ${whole(done)} of ${whole(total)}`] : []),
    ...(loss === null ? [] : [`loss ${significant(loss)}`]),
    ...(accuracy === null ? [] : [`accuracy ${(100 * accuracy).toFixed(1)}\u00a0%`]),
    ...(imagesPerSecond === null ? [] : [`${count(imagesPerSecond)} images/s`]),
  ].join(', ')
}
