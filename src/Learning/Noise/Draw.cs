using KdRobust.Learning.Randomness;

namespace KdRobust.Learning.Noise;

/// <summary>
/// The identity of one draw of all the noise of a network. One forward pass has one draw, its weight noise shared by the
/// whole batch; passes with the same draw, whatever their batches, have the same weights.
/// </summary>
/// <remarks>
/// With an image, the draw is that image's alone: its index is one more part of the path to every seed, so that draw 1 of
/// image 23 and draw 12 of image 3 differ, and both differ from the shared draws 1 and 12. Noise on the input, which every
/// image has for itself anyway, does not look at it.
/// </remarks>
/// <param name="Stream">What the draw is for.</param>
/// <param name="Epoch">Training epoch from 0; 0 where there is none.</param>
/// <param name="Index">Number of the draw inside stream and epoch, from 0.</param>
/// <param name="Image">Index in its split of the one image this draw of the weights is for; null for a draw that images share.</param>
internal readonly record struct Draw(RandomStream Stream, int Epoch, long Index, long? Image = null);
