using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Noise;

/// <summary>
/// The identity of one draw of all the noise of a network. One forward pass has one draw, its weight noise shared by the
/// whole batch; passes with the same draw, whatever their batches, have the same weights.
/// </summary>
/// <param name="Stream">What the draw is for.</param>
/// <param name="Epoch">Training epoch from 0; 0 where there is none.</param>
/// <param name="Index">Number of the draw inside stream and epoch, from 0.</param>
internal readonly record struct Draw(RandomStream Stream, int Epoch, long Index);
